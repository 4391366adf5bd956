/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PCI driver.
 */
#ifndef _NVMEC_PCI_H
#define _NVMEC_PCI_H

int nvmec_pci_init(void);
void nvmec_pci_exit(void);

#endif /* _NVMEC_PCI_H */
