/** Domain numbers with a meaning of their own (Xen public/xen.h). Ordinary domains are 0 … 0x7fef. */

/** The first number no ordinary domain has. */
export const DOMID_FIRST_RESERVED = 0x7ff0;
/** "Myself", in hypercall arguments. */
export const DOMID_SELF = 0x7ff0;
/** Owner of frames that belong to the hypervisor. */
export const DOMID_XEN = 0x7ff2;
