/** The two ends of a virtual disk, and of a virtual interface, whatever protocol they speak: `protocol` says which. */
import type {VbdChannel} from './vbd-channel.js';
import type {VifChannel} from './vif-channel.js';
import type {Xen1VbdChannel} from './xen1-vbd-channel.js';
import type {Xen1VifChannel} from './xen1-vif-channel.js';

export type DiskChannel = VbdChannel | Xen1VbdChannel;
export type NetChannel = VifChannel | Xen1VifChannel;
