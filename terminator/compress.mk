# SPDX-License-Identifier: GPL-2.0-only
# Compression of responses; part of the upstream.
TERMINATOR_COMPRESS_LIBS := -lbrotlienc -lzstd -lz
TERMINATOR_ENCODER_OBJS := $(addprefix $(BUILD)/obj/terminator/, \
	compress_brotli.o compress_encoder.o compress_gzip.o compress_zstd.o)
TERMINATOR_COMPRESS_OBJS := $(TERMINATOR_ENCODER_OBJS) $(addprefix \
	$(BUILD)/obj/terminator/,accept_encoding.o compress.o compress_head.o)

encoder_test_OBJS := $(TERMINATOR_ENCODER_OBJS)
encoder_test_LIBS := $(TERMINATOR_COMPRESS_LIBS) -lbrotlidec
compress_head_test_OBJS := $(addprefix $(BUILD)/obj/terminator/, \
	accept_encoding.o compress_head.o field_view.o fields.o)
