# SPDX-License-Identifier: GPL-2.0
#
# make [KDIR=headers]            build the modules against a kernel's headers
# make -C KDIR M=$PWD modules    the same, said the kernel's way
# make modules_install, clean    as usual
#
# Inside a kernel tree this file is not used: the directories below have their
# own Kconfig and Makefile.

ifneq ($(KERNELRELEASE),)

export CONFIG_MQBLK := m
export CONFIG_BLK_DEV_NULL_BLK_C := m
# As in its Kconfig: without a PCI bus the kernel's headers lack what it calls.
export CONFIG_BLK_DEV_NVME_C := $(if $(CONFIG_PCI),m)
export CONFIG_MQBLK_FLOOR := m
export CONFIG_MQBLK_LOAD := m

subdir-ccflags-y += -I$(src)/include

obj-y += drivers/block/mqblk/ drivers/block/null_blk_c/ drivers/nvme/nvme_c/
# What only the benchmark needs; DKMS builds without.
MQBLK_BENCH ?= y
obj-$(MQBLK_BENCH) += tools/bench/floor/ tools/bench/load/

else

KDIR ?= /lib/modules/$(shell uname -r)/build
TARGETS := modules modules_install clean

.PHONY: all $(TARGETS)
all: modules

$(TARGETS):
	@test -e "$(KDIR)/Makefile" || { \
		echo "No kernel headers at $(KDIR)."; \
		echo "Install them (apt-get install linux-headers-$$(uname -r)) or name a directory: make KDIR=..."; \
		exit 1; } >&2
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)" $@

endif
