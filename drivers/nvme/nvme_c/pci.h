/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PCI side.
 */
#ifndef _NVMEC_PCI_H
#define _NVMEC_PCI_H

#include <linux/types.h>

struct nvmec_ctrl;
struct work_struct;

/**
 * enum nvmec_link - what the bus says about the way to a device
 * @NVMEC_LINK_UP: nothing
 * @NVMEC_LINK_FROZEN: an error was seen, and is being recovered
 * @NVMEC_LINK_LOST: there is none any more
 */
enum nvmec_link {
	NVMEC_LINK_UP,
	NVMEC_LINK_FROZEN,
	NVMEC_LINK_LOST,
};

int nvmec_pci_init(void);
void nvmec_pci_exit(void);
int nvmec_pci_map(struct nvmec_ctrl *ctrl, size_t bytes);
int nvmec_pci_alloc_vectors(struct nvmec_ctrl *ctrl);
enum nvmec_link nvmec_pci_link(struct nvmec_ctrl *ctrl);
void nvmec_pci_lost(struct nvmec_ctrl *ctrl);
int nvmec_pci_await_link(struct nvmec_ctrl *ctrl);
void nvmec_lost_work(struct work_struct *work);

#endif /* _NVMEC_PCI_H */
