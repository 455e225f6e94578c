/** The native drivers of a boot: each created for its device in the kernel that it is given, wherever that is. */
import {assert} from '../../engine/assert.js';
import type {NativeDriver, NetDriver} from '../drivers/driver.js';
import {driverFor} from '../drivers/registry.js';
import {AssignedDevice} from '../kernel/assigned-device.js';
import type {BlockDevice} from '../kernel/block-device.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {XenKernel} from '../kernel/xen-kernel.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import {summed} from './counters.js';
import type {HostDevice, HostNic} from './devices.js';
import type {Past} from './past.js';

/** A native driver where the architecture has placed it. */
export interface PlacedDriver {
	readonly driver: NativeDriver;
	readonly device: HostDevice | HostNic;
	readonly kernel: DomainKernel | XenKernel;
	/** Its module's name: `nvme`, `e1000`. */
	readonly module: string;
	/** What drivers of the device had counted when this one was placed. */
	readonly before: Readonly<Record<string, number>>;
}

export class PlacedDrivers {
	/** The newest of each device. */
	readonly all: PlacedDriver[] = [];

	/** @param onNic told of each NIC's driver before it starts. */
	constructor(
		private readonly xen: Hypervisor,
		private readonly past: Past,
		private readonly onNic: (nic: HostNic, driver: NetDriver) => void,
	) {}

	/** A driver takes the place of one of its device, which is the kernel's. Inside a step of the kernel; `up` when the device works. */
	start(kernel: DomainKernel | XenKernel, device: HostDevice | HostNic, up: () => void): void {
		const function_ = new AssignedDevice(this.xen, kernel, device.address, device.name);
		const module = driverFor(function_.vendor, function_.device, function_.readConfig(8, 4) >>> 8);
		assert(module !== undefined, `there is a driver for ${device.name}`);
		const driver = module.create(kernel, function_);
		if (driver.kind === 'block' && 'requestIdentity' in device) {
			device.requestIdentity = (queue, command) => driver.requestIdentity(queue, command);
		} else if (driver.kind === 'net' && 'packetIdentity' in device) {
			this.onNic(device, driver);
		} else {
			assert(false, `the driver of ${device.name} drives what it is`);
		}

		const {all, past} = this;
		past.drivers.set(device.name, this.counts(device.name));
		const at = all.findIndex((each) => each.device === device);
		const before = past.drivers.get(device.name);
		all[at < 0 ? all.length : at] = {driver, device, kernel, module: module.name, before};
		driver.start(up);
	}

	/** What a device's driver has counted, and those of the device before it. */
	counts(device: string): Readonly<Record<string, number>> {
		const placed = this.all.find((each) => each.device.name === device);
		return placed === undefined ? this.past.drivers.get(device) : summed(placed.before, placed.driver.counters);
	}

	/** This boot is over: what they have counted is remembered. */
	retire(): void {
		for (const {device} of this.all) {
			this.past.drivers.set(device.name, this.counts(device.name));
		}
	}

	/** A device's disk, once its driver has been placed. */
	diskOf(device: string): BlockDevice | undefined {
		const driver = this.all.find((each) => each.device.name === device)?.driver;
		return driver?.kind === 'block' ? driver.disk : undefined;
	}
}
