# SPDX-License-Identifier: GPL-2.0-only
"""A network that loses packets."""

PER_CENT = 3


def drop_some(network):
    """Has the middle drop some of the UDP datagrams that the server sends."""
    network.middle.run("nft", "-f", "-", input=f"""
        table inet loss {{
            chain forward {{
                type filter hook forward priority 0;
                iifname m1 meta l4proto udp \
                    numgen random mod 100 < {PER_CENT} counter drop
            }}
        }}""")
