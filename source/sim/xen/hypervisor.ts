/**
The hypervisor: CPUs and scheduler, frame table, grant tables, event channels, device assignment, and the way from a hardware
interrupt to whoever drives the device: the domain it is assigned to, or Xen itself. In Xen 2.0 this is all there is: no drivers,
no backends.
*/
import {assert} from '../../engine/assert.js';
import type {Cost} from '../../engine/cost.js';
import type {Engine} from '../../engine/engine.js';
import {type Owner, Step} from '../../engine/step.js';
import type {InterruptController} from '../../hw/interrupts.js';
import type {Iommu} from '../../hw/iommu.js';
import type {Memory} from '../../hw/memory.js';
import type {PciBus} from '../../hw/pci.js';
import {Cpus} from './cpus.js';
import type {CreditOptions} from './credit.js';
import {DeviceAssignment} from './device-assignment.js';
import {Domain, type ShutdownReason} from './domain.js';
import {DOMID_XEN} from './domid.js';
import {EventChannels} from './event-channels.js';
import {FrameTable} from './frame-table.js';
import {GrantTables} from './grant-table.js';
import type {PhysicalCpu} from './physical-cpu.js';
import {SharedInfo} from './shared-info.js';

export const hypervisorCosts = {
	interrupt: {name: 'xen.interrupt', ns: 700, source: 'knob: interrupt entry, acknowledge, event to the owner, exit'},
} satisfies Record<string, Cost>;

/** The hardware the hypervisor takes over when the host is switched on. */
export interface Machine {
	readonly memory: Memory;
	readonly bus: PciBus;
	readonly iommu: Iommu;
	readonly interrupts: InterruptController;
}

export interface HypervisorOptions {
	/** Whether devices' DMA goes through the IOMMU. */
	readonly iommu: boolean;
	/** Names of devices whose DMA passes unchecked all the same. */
	readonly unguarded?: ReadonlySet<string>;
	readonly credit: CreditOptions;
	/** Overrides of costs by name, nanoseconds. */
	readonly costs: ReadonlyMap<string, number>;
	/** The CPUs that an earlier Xen of this machine has left halted; undefined when this is the first. */
	readonly processors?: readonly PhysicalCpu[];
}

export interface DomainOptions {
	/** Frames of its allocation. */
	readonly frames: number;
	/** Most frames it may ever have; Infinity = no limit. */
	readonly maximumFrames: number;
	readonly vcpus: number;
	readonly weight: number;
	readonly cap: number;
	readonly paused: boolean;
}

/** First vector for devices; those below are exceptions and Xen's own (asm/irq_vectors.h). */
const firstVector = 0x30;
const vectors = 256;

export class Hypervisor {
	readonly owner: Owner = {name: 'Xen', alive: true};
	readonly cpus: Cpus;
	readonly frames: FrameTable;
	readonly grants: GrantTables;
	readonly events: EventChannels;
	readonly assignment: DeviceAssignment;
	readonly domains = new Map<number, Domain>();
	/** Tells a domain's kernel that a vCPU of it has an upcall pending. Set by each kernel as it starts. */
	readonly upcalls = new Map<number, (vcpu: number) => void>();
	/** Told that a destroyed domain is gone altogether. */
	onGone: (domain: Domain) => void = () => {};
	/** Interrupts taken from hardware. */
	interrupts = 0;
	private readonly interruptStep: Step;
	private readonly vectorDomain = new Int32Array(vectors).fill(-1);
	private readonly vectorPirq = new Int32Array(vectors);
	/** By vector: what runs for a device that Xen drives itself, and with which argument; null for everybody else's. */
	private readonly ownHandlers: (Step | null)[] = new Array(vectors).fill(null);
	private readonly ownArguments = new Int32Array(vectors);
	private nextDomid = 0;

	constructor(
		readonly engine: Engine,
		readonly machine: Machine,
		private readonly options: HypervisorOptions,
	) {
		this.cpus = new Cpus(engine, this.owner, options.processors ?? machine.interrupts.cpus, options.credit, (cost) =>
			this.ns(cost),
		);
		this.frames = new FrameTable(machine.memory);
		this.grants = new GrantTables(machine.memory, this.frames, engine.faults);
		this.events = new EventChannels(engine);
		this.assignment = new DeviceAssignment(machine.bus, machine.iommu, this.frames, this.grants, {
			iommu: options.iommu,
			unguarded: options.unguarded,
		});
		this.events.pirqPermitted = (domid, pirq) => this.assignment.pirqPermitted(domid, pirq);
		this.grants.onUnmapped = (domid) => this.reap(domid);
		this.events.onUpcall = (domid, vcpu) => this.upcalls.get(domid)?.(vcpu);
		this.interruptStep = new Step('interrupt', this.owner, this.ns(hypervisorCosts.interrupt), true, (vector) => {
			const own = this.ownHandlers[vector];
			if (own !== null) {
				this.cpus.chain.push(own, this.ownArguments[vector], 0);
				return;
			}

			const domid = this.vectorDomain[vector];
			if (domid < 0 || !this.events.sendPirq(domid, this.vectorPirq[vector])) {
				engine.log.add(
					engine.now,
					'Xen',
					'warning',
					'kernel',
					`interrupt vector 0x${vector.toString(16)}: nobody cared`,
				);
			}
		});
		machine.interrupts.onInterrupt = (cpu, vector) => {
			this.interrupts++;
			this.cpus.all[cpu].raise(this.interruptStep, vector);
		};
	}

	/** Nothing runs any more, in Xen or in any domain; interrupts find nobody. The machine's devices go on. */
	halt(): void {
		this.owner.alive = false;
		this.machine.interrupts.onInterrupt = () => {};
		this.cpus.halt();
	}

	/** A cost under the scenario's overrides, nanoseconds. */
	ns(cost: Cost): number {
		return this.options.costs.get(cost.name) ?? cost.ns;
	}

	/** XEN_DOMCTL_createdomain and populating its memory. Returns undefined when memory does not suffice. */
	createDomain(name: string, options: DomainOptions): Domain | undefined {
		if (this.frames.freeFrames < options.frames + 16) {
			return undefined;
		}

		const domid = this.nextDomid++;
		const domain = new Domain(domid, name, options.vcpus, {
			weight: options.weight,
			cap: options.cap,
			paused: options.paused,
			now: this.engine.now,
		});
		this.frames.addDomain(domid, options.maximumFrames);
		this.grants.create(domid, name);
		const info = this.frames.allocateShared(domid);
		this.events.create(domid, name, options.vcpus, new SharedInfo(info, this.machine.memory.words(info)));
		this.domains.set(domid, domain);
		this.cpus.add(domain);
		return domain;
	}

	/** SCHEDOP_shutdown, and what a crash is to Xen: the domain's vCPUs never run again; it is there until it is destroyed. */
	shutdown(domain: Domain, reason: ShutdownReason): void {
		if (domain.shutdown === undefined) {
			domain.shutdown = reason;
			this.cpus.stop(domain);
		}
	}

	/**
	XEN_DOMCTL_destroydomain: vCPUs stop, devices are taken away (and not reset), event channels close, its own mappings end, its memory is given
	back. Frames that others still map stay, and with them a zombie, until the last of them is unmapped; `onGone` tells.
	*/
	destroyDomain(domain: Domain): void {
		const {id} = domain;
		domain.dying = true;
		this.cpus.stop(domain);
		this.assignment.revokeAll(id);
		this.releaseVectors(id);
		this.events.destroy(id);
		this.grants.setDying(id);
		this.grants.releaseMappings(id);
		this.frames.freePages(id);
		this.reap(id);
	}

	/** A dying domain whose frames nobody maps any more is gone. Asked whenever that may have come. */
	reap(domid: number): void {
		const domain = this.domains.get(domid);
		if (domain?.dying !== true || this.grants.isMappedByOthers(domid) || this.frames.pages(domid) > 0) {
			return;
		}

		this.grants.destroy(domid);
		this.frames.freeAll(domid);
		this.frames.removeDomain(domid);
		this.domains.delete(domid);
		this.upcalls.delete(domid);
		this.cpus.remove(domain);
		this.onGone(domain);
	}

	/** Gives a domain's physical interrupt a vector and a CPU. */
	bindVector(domid: number, pirq: number): {vector: number; cpu: number} {
		const vector = this.takeVector(domid);
		this.vectorPirq[vector] = pirq;
		return {vector, cpu: this.cpuOf(vector)};
	}

	/** Gives an interrupt of a device that Xen drives itself a vector and a CPU, on which `handler` runs ahead of any vCPU. */
	bindOwnVector(handler: Step, argument: number): {vector: number; cpu: number} {
		const vector = this.takeVector(DOMID_XEN);
		this.ownHandlers[vector] = handler;
		this.ownArguments[vector] = argument;
		return {vector, cpu: this.cpuOf(vector)};
	}

	/** A domain is gone: its devices' vectors are free, and nothing of them is in service or awaited any more. */
	releaseVectors(domid: number): void {
		const {interrupts} = this.machine;
		for (let vector = firstVector; vector < vectors; vector++) {
			if (this.vectorDomain[vector] !== domid) continue;
			const pirq = this.vectorPirq[vector];
			if (pirq < interrupts.pins) interrupts.mask(pirq, true);
			interrupts.forget(this.cpuOf(vector), vector);
			interrupts.endOfInterrupt(this.cpuOf(vector), vector);
			this.freeVector(vector);
		}
	}

	freeVector(vector: number): void {
		this.vectorDomain[vector] = -1;
		this.ownHandlers[vector] = null;
	}

	domainByName(name: string): Domain | undefined {
		for (const domain of this.domains.values()) {
			if (domain.name === name) {
				return domain;
			}
		}

		return undefined;
	}

	private takeVector(domid: number): number {
		const vector = this.vectorDomain.indexOf(-1, firstVector);
		assert(vector >= 0, 'there are vectors for every device of a host');
		this.vectorDomain[vector] = domid;
		return vector;
	}

	private cpuOf(vector: number): number {
		return (vector - firstVector) % this.cpus.all.length;
	}
}
