# SPDX-License-Identifier: GPL-2.0-only
# make install, make uninstall and make deb. Where things go is by GNU's names
# of directories; DESTDIR is put before all of them.

prefix ?= /usr/local
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
sbindir ?= $(exec_prefix)/sbin
libexecdir ?= $(exec_prefix)/libexec
sysconfdir ?= /etc
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
bashcompletiondir ?= $(datadir)/bash-completion/completions
unitdir ?= $(prefix)/lib/systemd/system
sysusersdir ?= $(prefix)/lib/sysusers.d
tmpfilesdir ?= $(prefix)/lib/tmpfiles.d
logrotatedir ?= $(sysconfdir)/logrotate.d
STRIP ?= strip

INSTALL_DIRECTORIES := prefix bindir sbindir libexecdir sysconfdir datadir \
	mandir bashcompletiondir unitdir sysusersdir tmpfilesdir logrotatedir
INSTALL_SETTINGS = $(foreach name,DESTDIR STRIP $(INSTALL_DIRECTORIES), \
	$(name)='$($(name))')

CONFIG_PAGE := $(BUILD)/man/quicsteer.yaml.5

.PHONY: install uninstall deb

$(CONFIG_PAGE): deploy/man/config-page deploy/quicsteer.schema.json
	$(call say,MAN,$@)
	@mkdir -p $(@D)
	$(Q)deploy/man/config-page deploy/quicsteer.schema.json >$@

install: all $(CONFIG_PAGE)
	@$(INSTALL_SETTINGS) deploy/install install

uninstall:
	@$(INSTALL_SETTINGS) deploy/install uninstall

deb: all $(CONFIG_PAGE)
	@deploy/deb/build $(BUILD)/deb
