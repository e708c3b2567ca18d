# SPDX-License-Identifier: GPL-2.0-only
# The BPF objects, and skeletons of them that programs include.

BPF_BTF ?= /sys/kernel/btf/vmlinux
# Their BTF names source files, and programs carry it: not where they were built.
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -std=gnu11 -Wall -Wextra -Wshadow \
	-ffile-prefix-map=$(CURDIR)=. \
	-Werror -Wno-missing-declarations -I. -Iinclude -I$(BUILD) -MMD -MP

BPF_OBJECTS := $(BUILD)/bpf/steer.bpf.o $(BUILD)/bpf/deliver.bpf.o
BPF_SKELETONS := $(BPF_OBJECTS:%.bpf.o=%.skel.h)

$(BUILD)/bpf/vmlinux.h:
	$(call say,BTF,$@)
	@mkdir -p $(@D)
	@[ -r $(BPF_BTF) ] || { echo '$(BPF_BTF) is missing: the BPF programs' \
		'need a kernel built with CONFIG_DEBUG_INFO_BTF=y' >&2; exit 1; }
	$(Q)bpftool btf dump file $(BPF_BTF) format c >$@

$(BPF_OBJECTS): $(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BUILD)/bpf/vmlinux.h
	$(call say,BPF,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BPF_SKELETONS): %.skel.h: %.bpf.o
	$(call say,SKEL,$@)
	$(Q)bpftool gen skeleton $< >$@

.PHONY: bpf
bpf: $(BPF_SKELETONS)
all: bpf

-include $(BPF_OBJECTS:.o=.d)
