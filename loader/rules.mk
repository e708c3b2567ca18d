# SPDX-License-Identifier: GPL-2.0-only
# The loader, its library and lbctl. Sources are whatever lies in the folders.

LOADER_OBJS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard loader/*.c))
LOADER_LIB_OBJS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard loader/lib/*.c))
LBCTL_OBJS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard loader/lbctl/*.c))

# What programs with libquicsteer.a link too: for the configuration, and for
# that and the maps.
CONFIG_LIBS := -lcyaml -lyaml
QUICSTEER_LIBS := $(CONFIG_LIBS) -lbpf

PROGRAMS += $(BUILD)/bin/quicsteer-loader $(BUILD)/bin/lbctl

# The objects with the BPF programs in them.
$(BUILD)/obj/loader/programs.o $(BUILD)/obj/loader/dispatcher.o: \
	$(BUILD)/bpf/steer.skel.h $(BUILD)/bpf/deliver.skel.h

$(BUILD)/lib/libquicsteer.a: $(LOADER_LIB_OBJS)

$(BUILD)/bin/quicsteer-loader: $(LOADER_OBJS) $(BUILD)/lib/libquicsteer.a
	$(link)
$(BUILD)/bin/quicsteer-loader: LIBS = -lxdp -luv -lmicrohttpd -lgnutls \
	-lpthread \
	$(QUICSTEER_LIBS)

$(BUILD)/bin/lbctl: $(LBCTL_OBJS) $(BUILD)/lib/libquicsteer.a
	$(link)
$(BUILD)/bin/lbctl: LIBS = -ljansson $(QUICSTEER_LIBS)

# What the unit tests link.
LOG_OBJS := $(addprefix $(BUILD)/obj/loader/lib/,json_text.o log.o utf8.o)
json_text_test_OBJS := $(LOG_OBJS)
json_text_test_LIBS := -ljansson
log_test_OBJS := $(LOG_OBJS)
log_test_LIBS := -ljansson
CONFIG_OBJS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard loader/lib/config*.c)) \
	$(addprefix $(BUILD)/obj/loader/lib/,nearest.o parse.o template.o utf8.o)
config_test_OBJS := $(CONFIG_OBJS)
config_test_LIBS := -ljansson $(CONFIG_LIBS)
config_routes_test_OBJS := $(CONFIG_OBJS)
config_routes_test_LIBS := $(config_test_LIBS)
config_limits_test_OBJS := $(CONFIG_OBJS) $(addprefix $(BUILD)/obj/terminator/, \
	client_table.o limits.o random.o slow_list.o)
config_limits_test_LIBS := $(config_test_LIBS) -luv
config_bad_test_OBJS := $(CONFIG_OBJS)
config_bad_test_LIBS := $(config_test_LIBS)
config_fuzz_test_OBJS := $(CONFIG_OBJS)
config_fuzz_test_LIBS := $(config_test_LIBS)
parse_test_OBJS := $(BUILD)/obj/loader/lib/parse.o
effective_test_OBJS := $(BUILD)/obj/loader/lib/effective.o
wishes_test_OBJS := $(BUILD)/obj/loader/lib/wishes.o
wishes_test_LIBS := -lbpf
metrics_write_test_OBJS := $(BUILD)/obj/loader/metrics_write.o
metrics_config_test_OBJS := $(CONFIG_OBJS) $(addprefix \
	$(BUILD)/obj/loader/,metrics_config.o metrics_write.o lib/json_text.o \
	certificate_expiry.o self_signed.o lib/log.o)
metrics_config_test_LIBS := $(config_test_LIBS) -lgnutls
certificate_expiry_test_OBJS := $(addprefix $(BUILD)/obj/loader/, \
	certificate_expiry.o self_signed.o)
certificate_expiry_test_LIBS := -lgnutls
SECRETS_OBJS := $(addprefix $(BUILD)/obj/loader/lib/,secrets.o key_file.o \
	parse.o)
secrets_test_OBJS := $(SECRETS_OBJS)
key_file_test_OBJS := $(SECRETS_OBJS)
cid_configs_test_OBJS := $(SECRETS_OBJS) $(BUILD)/obj/loader/cid_configs.o
ports_test_OBJS := $(addprefix $(BUILD)/obj/loader/,ports.o port.o holder.o) \
	$(LOG_OBJS)
ports_test_LIBS := -lbpf
table_test_OBJS := $(BUILD)/obj/loader/lib/table.o
lookup_test_OBJS := $(addprefix $(BUILD)/obj/loader/lib/,lookup.o table.o \
	effective.o maps.o)
lookup_test_LIBS := -lbpf
lbctl_format_test_OBJS := $(BUILD)/obj/loader/lbctl/format.o \
	$(BUILD)/obj/loader/lbctl/grid.o
nearest_test_OBJS := $(BUILD)/obj/loader/lib/nearest.o
template_test_OBJS := $(addprefix $(BUILD)/obj/loader/lib/,template.o nearest.o)

E2E_SUITES += tests/e2e/loader_errors.sh tests/e2e/loader_registry.py \
	tests/e2e/lbctl_cid.sh tests/e2e/lbctl_live.py
