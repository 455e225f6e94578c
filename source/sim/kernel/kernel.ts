/**
What a kernel gives the code that runs in it. `Kernel` is all a native driver may use: where the driver runs is decided by
who hands it one (a domain's kernel in Xen 2.0, the hypervisor itself in 1.0). `GuestKernel` adds what only a domain has:
grants, event channels, XenStore. Work is a chain of steps; see docs/architecture.md.
*/
import type {Severity} from '../../engine/log.js';
import type {Step} from '../../engine/step.js';
import type {Trace} from '../../engine/trace.js';
import type {Cost} from './cost.js';

/** A page: the number of a 4 KiB machine frame that the kernel's owner holds, or holds mapped by grant. */
export type Page = number;

/** Which way a device will move data: `toDevice` reads memory, `fromDevice` writes it. */
export type Direction = 'toDevice' | 'fromDevice';

/** Machine-contiguous memory that a device may reach, zeroed. */
export interface DmaMemory {
	/** Address to give the device, bytes. */
	readonly address: number;
	readonly bytes: number;
	/** The memory as little-endian 32-bit words. */
	readonly words: Int32Array;
}

/** A mapped memory or I/O window of a device. A device that is gone answers reads with all ones and ignores writes. */
export interface Registers {
	read8(offset: number): number;
	read16(offset: number): number;
	/** Signed 32-bit. */
	read32(offset: number): number;
	write8(offset: number, value: number): void;
	write16(offset: number, value: number): void;
	write32(offset: number, value: number): void;
}

/** One PCI function assigned to this kernel. Register and configuration accesses happen inside steps that paid for them. */
export interface PciDevice {
	/** `00:04.0` */
	readonly address: string;
	/** The host's name for it, `nvme0`. */
	readonly name: string;
	readonly vendor: number;
	readonly device: number;
	readConfig(offset: number, bytes: 1 | 2 | 4): number;
	writeConfig(offset: number, bytes: 1 | 2 | 4, value: number): void;
	/** Maps base address register `bar`. */
	registers(bar: number): Registers;
	/**
	Binds a message interrupt: returns the address and data to write to the device's MSI-X table entry. `handler` runs as
	interrupt work with argument `vector`; the next one is delivered after `endOfInterrupt(vector)`.
	*/
	bindMessage(vector: number, handler: Step): {address: number; data: number};
	/** Binds the function's level-triggered line. It is delivered again after `endOfInterrupt` while the device holds it up. */
	bindLine(handler: Step): void;
	endOfInterrupt(vector: number): void;
	unbindInterrupts(): void;
	/** Function level reset through configuration space. */
	reset(): void;
}

export interface Kernel {
	/** Whose kernel: `Domain-0`, `web`, `Xen`. */
	readonly name: string;
	/** Read-only: for hops of requests. */
	readonly trace: Trace;
	/** This kernel's clock, nanoseconds. */
	now(): number;

	/** Makes a step of this kernel. Do it once, in a constructor. */
	define(name: string, cost: Cost, run: (argument: number) => void): Step;
	/** Next in the chain now running, depth first: steps asked for by this one's effect come before those its caller asks for later. */
	step(step: Step, argument?: number, extraNanoseconds?: number): void;
	/** A new chain, first come first served, on the given vCPU (default 0); wakes it. */
	task(step: Step, argument?: number, vcpu?: number): void;
	/** Runs `step` as a new task `nanoseconds` from now. */
	timer(nanoseconds: number, step: Step, argument?: number): number;
	cancelTimer(timer: number): void;

	/** A page of this kernel's own, zeroed. Panics when memory is exhausted. */
	page(): Page;
	releasePage(page: Page): void;
	/** A page's bytes, for own pages and mapped ones. The same object each time. */
	bytes(page: Page): Buffer;
	words(page: Page): Int32Array;
	/** Machine-contiguous memory: at most 128 KiB, `alignment` a power of two of at least 4096, below `limit` (default: anywhere). */
	dmaMemory(bytes: number, alignment?: number, limit?: number): DmaMemory;
	/** The address a device of this kernel must use for a page, own or mapped by grant for device use. */
	dmaAddress(page: Page, direction: Direction): number;

	log(severity: Severity, text: string): void;
	/** The kernel's owner dies here: what the current step did so far stays, nothing else of this kernel ever runs. */
	panic(reason: string): never;
}

/** Thrown by `panic` and caught by whoever dispatches the kernel's steps. */
export class Panic extends Error {
	override readonly name = 'Panic';
}

/** A panic of the hypervisor's own kernel: whosever step it came in, the whole host dies. */
export class HostPanic extends Panic {}

/** Status of a grant operation: GNTST_*, 0 or negative. A map returns a handle (>= 0) or the negative status. */
export type GrantStatus = number;

/** A kernel that runs in a domain, whatever interface the hypervisor has for it. */
export interface CallingKernel extends Kernel {
	readonly domid: number;
	/** As `define`, for a step that the hypervisor executes for this domain: booked to the domain, executor Xen. */
	hypercall(name: string, cost: Cost, run: (argument: number) => void): Step;
}

/** What a domain's kernel has for device channels. Methods marked *hypercall* are called from a step defined by `hypercall`. */
export interface GuestKernel extends CallingKernel {
	/** Grants `page` to `domid` by writing an entry of this domain's own table (no hypercall). Returns the reference, or -1 when none is free. */
	grant(domid: number, page: Page, readonly: boolean): number;
	/** Takes a grant back; false while the peer still has it mapped (the page must not be reused then). */
	endGrant(reference: number): boolean;
	/** GNTTABOP_map_grant_ref, *hypercall*. `device` also enters the frame in the IOMMU of this domain's devices. */
	mapGrant(domid: number, reference: number, readonly: boolean, device: boolean): number;
	/** The page a mapping handle stands for. */
	mappedPage(handle: number): Page;
	/** GNTTABOP_unmap_grant_ref, *hypercall*. */
	unmapGrant(handle: number): GrantStatus;
	/**
	One operation of a GNTTABOP_copy, *hypercall*: at most 64 share one call. Copies `bytes` between `page`, own or mapped, from
	`pageOffset` on, and the page `domid` granted by `reference`, from `offset` on; `into` true copies into the granted page.
	*/
	copyGrant(
		domid: number,
		reference: number,
		offset: number,
		page: Page,
		pageOffset: number,
		bytes: number,
		into: boolean,
	): GrantStatus;

	/** EVTCHNOP_alloc_unbound, *hypercall*: a port for `remote` to bind. `handler` runs as interrupt work on `vcpu`, with `argument`. */
	allocUnbound(remote: number, handler: Step, argument?: number, vcpu?: number): number;
	/** EVTCHNOP_bind_interdomain, *hypercall*: binds to a remote's unbound port; the local port becomes pending once. -errno on failure. */
	bindInterdomain(remote: number, remotePort: number, handler: Step, argument?: number, vcpu?: number): number;
	/** EVTCHNOP_send, *hypercall*. */
	notify(port: number): void;
	closePort(port: number): void;
	maskPort(port: number): void;
	/** EVTCHNOP_unmask: delivers at once if pending. */
	unmaskPort(port: number): void;

	readonly store: StoreClient;
}

/**
A domain's connection to xenstored. Requests travel the domain's xenstore ring to xenstored's own work and back; answers
arrive as a task of this kernel. Cold path: answers are callbacks.
*/
export interface StoreClient {
	read(path: string, done: (error: string, value: string) => void, transaction?: number): void;
	write(path: string, value: string, done?: (error: string) => void, transaction?: number): void;
	directory(path: string, done: (error: string, names: string[]) => void, transaction?: number): void;
	remove(path: string, done?: (error: string) => void, transaction?: number): void;
	setPermissions(path: string, permissions: string[], done?: (error: string) => void, transaction?: number): void;
	/** Fires at once and whenever the node or anything below it changes, with the changed path. */
	watch(path: string, token: string, fired: (path: string) => void): void;
	unwatch(path: string, token: string): void;
	/** Runs `body`, commits, and runs it again on EAGAIN; `done('')` after the commit. `body` must call `finish(commit)` once. */
	transaction(
		body: (transaction: number, finish: (commit: boolean) => void) => void,
		done: (error: string) => void,
	): void;
}
