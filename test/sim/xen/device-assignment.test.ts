/** Which domain a PCI function belongs to, and who is refused: registers, configuration, interrupts, DMA. */
import {beforeEach, describe, expect, it} from 'vitest';
import {Engine} from '../../../source/engine/engine.js';
import {Iommu} from '../../../source/hw/iommu.js';
import {Memory} from '../../../source/hw/memory.js';
import {PciBus, type PciFunction} from '../../../source/hw/pci.js';
import {ConfigSpace, commandBusMaster, commandMemory, commandOffset} from '../../../source/hw/pci-config.js';
import type {AssignedRegisters} from '../../../source/sim/xen/assigned-registers.js';
import {DeviceAssignment} from '../../../source/sim/xen/device-assignment.js';
import {EBUSY, ENODEV, EPERM} from '../../../source/sim/xen/errno.js';
import {FrameTable} from '../../../source/sim/xen/frame-table.js';
import {GNTMAP_device_map, GNTMAP_host_map, GNTMAP_readonly, GrantTables} from '../../../source/sim/xen/grant-table.js';
import {GuestGrantTable} from '../../../source/sim/xen/guest-grant-table.js';

const disk = '00:04.0';
const nic = '00:05.0';

/** A function with one register. */
function scratchFunction(address: string, name: string): PciFunction & {value: number; resets: number} {
	const config = new ConfigSpace(
		{vendor: 0x1234, device: 1, classCode: 0xff0000, revision: 0, subsystemVendor: 0, subsystem: 0, interruptPin: 1},
		[{index: 0, kind: 'memory32', bytes: 4096}],
	);
	return {
		address,
		name,
		config,
		bars: config.bars,
		value: 7,
		resets: 0,
		readRegister() {
			return this.value;
		},
		writeRegister(_bar, _offset, _bytes, value) {
			this.value = value;
		},
		reset() {
			this.resets++;
			config.reset();
		},
	};
}

class Machine {
	readonly memory = new Memory(64 * 4096);
	readonly frames = new FrameTable(this.memory);
	readonly engine = new Engine(1);
	readonly grants = new GrantTables(this.memory, this.frames, this.engine.faults);
	readonly bus = new PciBus(this.engine);
	readonly iommu = new Iommu();
	readonly function = scratchFunction(disk, 'nvme0');
	readonly assignment: DeviceAssignment;

	constructor(iommu = true) {
		this.bus.plug(this.function);
		this.bus.plug(scratchFunction(nic, 'eth0'));
		this.assignment = new DeviceAssignment(this.bus, this.iommu, this.frames, this.grants, {iommu});
		for (const domid of [0, 1, 2]) {
			this.frames.addDomain(domid);
			this.grants.create(domid, `domain ${domid}`);
		}
	}

	registers(domid: number): AssignedRegisters {
		const registers = this.assignment.registers(domid, disk, 0);
		if (typeof registers === 'number') throw new Error(`refused: ${registers}`);
		return registers;
	}

	/** Whether the disk can reach a frame. */
	reaches(frame: number, write: boolean): boolean {
		return this.iommu.device('nvme0').permits(frame, write);
	}
}

describe('device assignment', () => {
	let machine: Machine;
	let assignment: DeviceAssignment;
	beforeEach(() => {
		machine = new Machine();
		assignment = machine.assignment;
	});

	it('lets the owner, and nobody else, at registers, configuration space and interrupts', () => {
		expect(assignment.assign(1, 'netdd', disk)).toBe(0);
		assignment.writeConfig(1, disk, commandOffset, 2, commandMemory);
		expect(machine.registers(1).read32(0)).toBe(7);
		expect(assignment.readConfig(1, disk, 0, 2)).toBe(0x1234);
		expect(assignment.registers(0, disk, 0)).toBe(-EPERM);
		expect(assignment.readConfig(0, disk, 0, 2)).toBe(-EPERM);
		expect(assignment.writeConfig(0, disk, commandOffset, 2, 0)).toBe(-EPERM);
		expect(assignment.messagePirq(0, disk, 0)).toBe(-EPERM);
		for (const pirq of [assignment.messagePirq(1, disk, 3), assignment.linePirq(1, disk)]) {
			expect(assignment.pirqPermitted(1, pirq)).toBe(true);
			expect(assignment.pirqPermitted(0, pirq)).toBe(false);
		}
	});

	it('answers -ENODEV for what is not there and -EBUSY for what another has', () => {
		expect(assignment.assign(1, 'netdd', '00:1f.0')).toBe(-ENODEV);
		assignment.assign(1, 'netdd', disk);
		expect(assignment.assign(0, 'Domain-0', disk)).toBe(-EBUSY);
		expect(assignment.deassign(0, disk)).toBe(-ENODEV);
		expect(assignment.functionsOf(1)).toEqual([disk]);
	});

	it('lets a device reach its owner’s frames as they come and go, and no others', () => {
		const before = machine.frames.allocate(1);
		const foreign = machine.frames.allocate(2);
		assignment.assign(1, 'netdd', disk);
		const after = machine.frames.allocate(1);
		expect([before, after, foreign].map((frame) => machine.reaches(frame, true))).toEqual([true, true, false]);
		machine.frames.free(before);
		expect(machine.reaches(before, false)).toBe(false);
	});

	it('lets a device reach frames its owner maps by grant for device use, with the grant’s permission', () => {
		assignment.assign(0, 'Domain-0', disk);
		const table = new GuestGrantTable(() => machine.memory.words(machine.grants.grantFrames(1)[0]));
		const page = machine.frames.allocate(1);
		const reference = table.grant(0, page, true);
		const host = machine.grants.map(0, 1, reference, GNTMAP_host_map | GNTMAP_readonly);
		expect(machine.reaches(page, false)).toBe(false);
		const device = machine.grants.map(0, 1, reference, GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly);
		expect([machine.reaches(page, false), machine.reaches(page, true)]).toEqual([true, false]);
		assignment.assign(0, 'Domain-0', nic);
		assignment.deassign(0, disk);
		assignment.deassign(0, nic);
		assignment.assign(0, 'Domain-0', disk);
		expect(machine.reaches(page, false)).toBe(true);
		machine.grants.unmap(0, device);
		machine.grants.unmap(0, host);
		expect(machine.reaches(page, false)).toBe(false);
	});

	it('takes a dying domain’s functions at once, and gives them on only after the reset', () => {
		assignment.assign(1, 'netdd', disk);
		assignment.writeConfig(1, disk, commandOffset, 2, commandMemory | commandBusMaster);
		const registers = machine.registers(1);
		const frame = machine.frames.allocate(1);
		expect(assignment.revokeAll(1)).toEqual([disk]);
		expect(registers.read32(0)).toBe(-1);
		registers.write32(0, 9);
		expect(machine.function.value).toBe(7);
		expect(machine.reaches(frame, false)).toBe(false);
		expect(assignment.contextOf(1)).toBeUndefined();
		expect(assignment.assign(0, 'Domain-0', disk)).toBe(-EBUSY);
		assignment.reset(disk);
		expect(machine.function.resets).toBe(1);
		expect(machine.function.config.busMaster).toBe(false);
		expect(assignment.assign(0, 'Domain-0', disk)).toBe(0);
	});

	it('without an IOMMU lets a device reach all memory until the reset, and tells what it should not have reached', () => {
		machine = new Machine(false);
		const {frames, grants, iommu} = machine;
		const strays: number[] = [];
		iommu.onStray = (_, frame) => strays.push(frame);
		const own = frames.allocate(1);
		machine.assignment.assign(1, 'netdd', disk);
		const [foreign, granted] = [frames.allocate(2), frames.allocate(2)];
		const table = new GuestGrantTable(() => machine.memory.words(grants.grantFrames(2)[0]));
		const reference = table.grant(1, granted, true);
		const handle = grants.map(1, 2, reference, GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly);
		expect([own, granted].map((frame) => machine.reaches(frame, false))).toEqual([true, true]);
		expect(strays).toEqual([]);
		expect(machine.reaches(foreign, true)).toBe(true);
		expect(machine.reaches(granted, true)).toBe(true);
		expect(strays).toEqual([foreign, granted]);
		// The domain dies: what its device still does lands, in frames that are not its any more.
		machine.assignment.revokeAll(1);
		grants.unmap(1, handle);
		expect(machine.reaches(granted, false)).toBe(true);
		expect(strays).toEqual([foreign, granted, granted]);
		machine.assignment.reset(disk);
		expect(machine.reaches(foreign, true)).toBe(false);
		expect(machine.assignment.contextOf(1)).toBeUndefined();
		expect(strays.length).toBe(3);
	});
});
