/**
The hardware of a host: what is there before Xen starts and stays when it is gone. A reboot takes the machine back to where firmware leaves it;
disks keep what they hold, the LAN goes on.
*/
import type {Engine} from '../../engine/engine.js';
import type {FaultPoint} from '../../engine/fault-points.js';
import {InterruptController} from '../../hw/interrupts.js';
import {Iommu} from '../../hw/iommu.js';
import {Memory} from '../../hw/memory.js';
import {PciBus} from '../../hw/pci.js';
import type {Scenario} from '../scenario/types.js';
import type {Machine} from '../xen/hypervisor.js';
import {type HostDevice, type HostNic, makeDevice} from './devices.js';
import {HostLan} from './host-lan.js';

export class Hardware {
	readonly machine: Machine;
	readonly disks: readonly HostDevice[];
	readonly lan: HostLan;
	/** Where hardware can fail: all else that can is software's, and comes and goes with it. */
	readonly #faultPoints: ReadonlySet<FaultPoint>;

	constructor(
		private readonly engine: Engine,
		scenario: Scenario,
	) {
		const {host} = scenario;
		this.machine = {
			memory: new Memory(host.memory),
			bus: new PciBus(engine),
			iommu: new Iommu(),
			interrupts: new InterruptController(engine, host.cpus),
		};
		this.disks = host.devices.map((words) => makeDevice(engine, this.machine, words));
		this.lan = new HostLan(engine, this.machine, scenario);
		for (const device of this.plugged) {
			this.machine.bus.plug(device.function);
		}

		this.#faultPoints = new Set(engine.faults);
	}

	/**
	The machine is reset, with its power on: memory cleared, every function on the bus and the interrupt controller as after power-on. A
	command in flight has happened wholly, partly, or not at all, and nothing of it happens later. Media and their caches keep what they
	hold.
	*/
	reset(): void {
		const {memory, bus, iommu, interrupts} = this.machine;
		bus.reset();
		for (const {name} of this.plugged) {
			iommu.device(name).detach();
		}

		interrupts.reset();
		memory.clear();
		for (const point of [...this.engine.faults]) {
			if (!this.#faultPoints.has(point)) {
				this.engine.faults.remove(point);
			}
		}
	}

	/** Every function on the bus, disks first. */
	get plugged(): readonly (HostDevice | HostNic)[] {
		return [...this.disks, ...this.lan.nics];
	}
}
