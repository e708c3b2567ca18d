/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_LIB_VERSION_H
#define QS_LOADER_LIB_VERSION_H

/* What --version of every program prints and quicsteer_build_info says. */
#define QS_VERSION "0.1.0"

#endif
