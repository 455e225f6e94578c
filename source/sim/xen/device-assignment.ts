/**
Which domain a PCI function is assigned to, and what follows: its registers, configuration space, interrupts and DMA reach that
domain only, everybody else is refused with Xen's error (XEN_DOMCTL_assign_device, iomem and irq permissions; Xen
drivers/passthrough/pci.c). All functions of a domain share one IOMMU context, which holds the domain's own frames and
those it has mapped by grant for device use.
*/
import {assert} from '../../engine/assert.js';
import {type Iommu, IommuContext} from '../../hw/iommu.js';
import type {PciBus} from '../../hw/pci.js';
import {commandBusMaster, commandOffset, interruptLineOffset} from '../../hw/pci-config.js';
import {AssignedRegisters} from './assigned-registers.js';
import {EBUSY, ENODEV, EPERM} from './errno.js';
import type {FrameTable} from './frame-table.js';
import type {GrantTables} from './grant-table.js';

const nobody = -1;
/** pirqs of message interrupts start above every pin an I/O APIC may have. */
const firstMessagePirq = 256;
/** MSI-X vectors of a function that can have a pirq: enough for a queue on each of many CPUs. */
const messagesPerFunction = 128;

class Assignment {
	owner = nobody;
	/** Whose it was last. */
	former = nobody;
	/** Taken from its owner and not yet reset: nobody's, and not to be assigned. */
	needsReset = false;
	readonly windows = new Map<number, AssignedRegisters>();

	constructor(
		readonly address: string,
		readonly name: string,
		/** Position on the bus: names its message pirqs. */
		readonly index: number,
	) {}
}

export interface AssignmentOptions {
	/** Whether an IOMMU stands between devices and memory; without one a device reaches every frame. */
	readonly iommu: boolean;
	/** Names of functions that it lets pass unchecked all the same. */
	readonly unguarded?: ReadonlySet<string>;
}

export class DeviceAssignment {
	/** Somebody reached for a function that is not theirs: `registers`, `configuration space` or `interrupt`. */
	onRefusal: (domid: number, device: string, what: string, status: number) => void = () => {};
	private readonly bus: PciBus;
	private readonly iommu: Iommu;
	private readonly frames: FrameTable;
	private readonly grants: GrantTables;
	private readonly protect: boolean;
	private readonly unguarded: ReadonlySet<string>;
	private readonly functions = new Map<string, Assignment>();
	private readonly byIndex: Assignment[] = [];
	/** Context and number of functions of each domain that has any, by domid. */
	private readonly contexts: (IommuContext | undefined)[] = [];

	/** Takes over the hooks of `frames` and `grants` that keep IOMMU contexts right. Functions are found on `bus` when asked for. */
	constructor(bus: PciBus, iommu: Iommu, frames: FrameTable, grants: GrantTables, options: AssignmentOptions) {
		this.bus = bus;
		this.iommu = iommu;
		this.frames = frames;
		this.grants = grants;
		this.protect = options.iommu;
		this.unguarded = options.unguarded ?? new Set();
		frames.onAllocate = (domid, first, count) => this.contexts[domid]?.enterRun(first, count, true);
		frames.onFree = (domid, frame) => this.contexts[domid]?.remove(frame, true);
		grants.onDeviceMap = (mapper, frame, writable) => this.contexts[mapper]?.enter(frame, writable);
		grants.onDeviceUnmap = (mapper, frame, writable) => this.contexts[mapper]?.remove(frame, writable);
	}

	/** Whether an unmap of device-mapped memory must pay for an IOMMU flush. */
	get protects(): boolean {
		return this.protect;
	}

	/** XEN_DOMCTL_assign_device: 0, -ENODEV, or -EBUSY while it is another's (or this domain's already) or not yet reset. */
	assign(domid: number, domainName: string, address: string): number {
		const assignment = this.find(address);
		if (assignment === undefined) return -ENODEV;
		if (assignment.owner !== nobody || assignment.needsReset) return -EBUSY;
		assignment.owner = domid;
		const device = this.iommu.device(assignment.name);
		const context = this.contexts[domid] ?? this.makeContext(domid, domainName);
		if (this.guards(assignment)) device.attach(context);
		else device.passThrough(context);
		return 0;
	}

	/** XEN_DOMCTL_deassign_device and the reset around it: 0, -ENODEV when the function is not this domain's. */
	deassign(domid: number, address: string): number {
		const assignment = this.find(address);
		if (assignment === undefined || assignment.owner !== domid) return -ENODEV;
		this.revoke(assignment);
		this.reset(address);
		return 0;
	}

	/**
	A domain is dying: it loses its functions at once, registers, interrupts and IOMMU context. What a device still does until
	`reset` is refused by the IOMMU, and without one lands. Returns the functions' addresses.
	*/
	revokeAll(domid: number): string[] {
		const revoked: string[] = [];
		for (const assignment of this.functions.values()) {
			if (assignment.owner === domid) {
				this.revoke(assignment);
				revoked.push(assignment.address);
			}
		}

		return revoked;
	}

	/** Bus mastering off and a function level reset. Only afterwards may the function be assigned again. */
	reset(address: string): void {
		const assignment = this.find(address);
		assert(assignment !== undefined && assignment.owner === nobody, 'only a function that is nobody’s is reset by Xen');
		const command = this.bus.readConfig(address, commandOffset, 2);
		if (this.bus.isPresent(address)) {
			this.bus.writeConfig(address, commandOffset, 2, command & ~commandBusMaster);
			this.bus.resetFunction(address);
		}

		this.iommu.device(assignment.name).detach();
		assignment.needsReset = false;
		this.dropContext(assignment.former);
	}

	/** The domain that has the function; -1 for nobody. */
	ownerOf(address: string): number {
		return this.find(address)?.owner ?? nobody;
	}

	/** Addresses of a domain's functions, in bus order. */
	functionsOf(domid: number): string[] {
		this.scan();
		return this.byIndex.filter((assignment) => assignment.owner === domid).map((assignment) => assignment.address);
	}

	/** Whether a function, by name, was taken from its owner and still does what it was told before. */
	awaitsReset(name: string): boolean {
		return this.byIndex.some((assignment) => assignment.name === name && assignment.needsReset);
	}

	/** 0 when the domain may use the function at all; -ENODEV or -EPERM. */
	permits(domid: number, address: string): number {
		const assignment = this.find(address);
		if (assignment === undefined) return -ENODEV;
		return assignment.owner === domid ? 0 : -EPERM;
	}

	/** Maps a base address register for the domain; -ENODEV, or -EPERM as Xen refuses to map I/O memory that is not the domain's. */
	registers(domid: number, address: string, bar: number): AssignedRegisters | number {
		const refused = this.check(domid, address, 'registers');
		const assignment = this.find(address);
		if (refused !== 0 || assignment === undefined) return refused;
		let window = assignment.windows.get(bar);
		if (window === undefined) {
			window = new AssignedRegisters(this.bus.window(address, bar));
			assignment.windows.set(bar, window);
		}

		return window;
	}

	/** Unsigned value of a configuration register, or -EPERM, -ENODEV. */
	readConfig(domid: number, address: string, offset: number, bytes: 1 | 2 | 4): number {
		const refused = this.check(domid, address, 'configuration space');
		return refused === 0 ? this.bus.readConfig(address, offset, bytes) : refused;
	}

	/** 0, -EPERM or -ENODEV. */
	writeConfig(domid: number, address: string, offset: number, bytes: 1 | 2 | 4, value: number): number {
		const refused = this.check(domid, address, 'configuration space');
		if (refused === 0) this.bus.writeConfig(address, offset, bytes, value);
		return refused;
	}

	/** The pirq of a function's message interrupt (PHYSDEVOP_map_pirq); -EPERM or -ENODEV. */
	messagePirq(domid: number, address: string, vector: number): number {
		assert(vector >= 0 && vector < messagesPerFunction, 'a function has at most 128 message pirqs');
		const refused = this.check(domid, address, 'interrupt');
		const index = this.find(address)?.index ?? 0;
		return refused === 0 ? firstMessagePirq + index * messagesPerFunction + vector : refused;
	}

	/** The pirq of a function's level line: the pin it is wired to. -EPERM or -ENODEV. */
	linePirq(domid: number, address: string): number {
		const refused = this.check(domid, address, 'interrupt');
		return refused === 0 ? this.bus.readConfig(address, interruptLineOffset, 1) : refused;
	}

	/** pirq_access_permitted: a message pirq belongs to its function's owner, a pin to every owner of a function wired to it. */
	pirqPermitted(domid: number, pirq: number): boolean {
		if (pirq >= firstMessagePirq) {
			return this.byIndex[Math.floor((pirq - firstMessagePirq) / messagesPerFunction)]?.owner === domid;
		}

		for (const assignment of this.byIndex) {
			if (assignment.owner === domid && this.bus.readConfig(assignment.address, interruptLineOffset, 1) === pirq) {
				return true;
			}
		}

		return false;
	}

	/** What a domain's devices may reach, enforced where there is an IOMMU; undefined without devices. */
	contextOf(domid: number): IommuContext | undefined {
		return this.contexts[domid];
	}

	private check(domid: number, address: string, what: string): number {
		const status = this.permits(domid, address);
		if (status !== 0) this.onRefusal(domid, this.find(address)?.name ?? address, what, status);
		return status;
	}

	private revoke(assignment: Assignment): void {
		assignment.former = assignment.owner;
		assignment.owner = nobody;
		assignment.needsReset = true;
		for (const window of assignment.windows.values()) window.revoke();
		assignment.windows.clear();
		// Without an IOMMU nothing stops the device before its reset; what it should not reach any more is told until then.
		if (!this.guards(assignment)) return;
		this.iommu.device(assignment.name).detach();
		this.dropContext(assignment.former);
	}

	/** Forgets what the devices of a domain may reach once it has none, and none of its former ones still works. */
	private dropContext(domid: number): void {
		const holds = (each: Assignment) =>
			each.owner === domid || (each.needsReset && each.former === domid && !this.guards(each));
		if (!this.byIndex.some(holds)) this.contexts[domid] = undefined;
	}

	private guards({name}: Assignment): boolean {
		return this.protect && !this.unguarded.has(name);
	}

	private makeContext(domid: number, name: string): IommuContext {
		const context = new IommuContext(name, this.frames.frames);
		this.frames.forEachRun(domid, (first, count) => context.enterRun(first, count, true));
		this.grants.forEachDeviceMapping(domid, (frame, writable) => context.enter(frame, writable));
		this.contexts[domid] = context;
		return context;
	}

	private find(address: string): Assignment | undefined {
		if (!this.functions.has(address)) this.scan();
		return this.functions.get(address);
	}

	/** Takes note of functions plugged in since. */
	private scan(): void {
		for (const device of this.bus) {
			if (this.functions.has(device.address)) continue;
			const assignment = new Assignment(device.address, device.name, this.byIndex.length);
			this.functions.set(device.address, assignment);
			this.byIndex.push(assignment);
		}
	}
}
