/**
The virtual disks of a host as Xen 1.0 has it: for each an extent of a real one in the hypervisor's table, and a device number on its domain's
ring. Domain zero has one for each partition that its jobs use.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {Volume} from '../backend/volume.js';
import type {Xen1Devices, Xen1Domain} from '../backend/xen1-devices.js';
import type {RingIdentities} from '../channel/ring-identities.js';
import {mostOutstanding, virtualDisk} from '../channel/vbd1.js';
import {Xen1Block} from '../frontend/xen1-block.js';
import {Xen1Vbd} from '../frontend/xen1-vbd.js';
import type {BlockDevice} from '../kernel/block-device.js';
import type {DiskWords, Scenario} from '../scenario/types.js';
import type {DiskChannel} from './channels.js';
import type {HostDomain} from './host-domain.js';
import type {Past} from './past.js';
import {Xen1VbdChannel} from './xen1-vbd-channel.js';

export class Xen1Disks {
	/** The newest of each name, where the first of it was. */
	readonly channels: Xen1VbdChannel[] = [];
	/** Told when a channel exists, and when a domain's disk can be used for the first time in its life. */
	onChannel: (channel: DiskChannel) => void = () => {};
	onDisk: (domain: HostDomain, disk: string, device: BlockDevice) => void = () => {};

	/** Never told of here: a domain keeps its disks. */
	onDetached: (domain: string, disk: string) => void = () => {};

	/** @param driven a device's disk, once its driver has been placed. */
	constructor(
		private readonly engine: Engine,
		private readonly scenario: Scenario,
		private readonly past: Past,
		private readonly devices: Xen1Devices,
		private readonly driven: (device: string) => BlockDevice | undefined,
	) {}

	/** The disks that domain zero's jobs need: partitions, or whole devices. */
	get ofDomainZero(): DiskWords[] {
		const {domains, host} = this.scenario;
		const names = new Set(domains[0].jobs.flatMap((job) => (job.kind === 'disk' ? [job.on] : [])));
		return host.devices.flatMap(({name: device, sectors, partitions}) =>
			[{name: device, start: 0, sectors}, ...partitions]
				.filter(({name}) => names.has(name))
				.map(({name, start, sectors: length}) => ({
					vdev: name,
					target: name,
					device,
					start,
					sectors: length,
					access: 'rw' as const,
				})),
		);
	}

	/** XEN_BLOCK_SEG_CREATE for a domain's disk. @param index which of its disks. */
	attach(words: DiskWords, index: number, {kernel}: HostDomain, domain: Xen1Domain, identities: RingIdentities): void {
		const {channels, past, devices, engine} = this;
		const disk = this.driven(words.device);
		assert(disk !== undefined, `${words.device} is a disk with a driver`);
		const {start, sectors, target} = words;
		const readonly = words.access === 'ro';
		const device = new Volume(target, disk, [{start, sectors}], readonly);
		devices.block.createDisk(kernel.domid, virtualDisk(index), {device, readonly});
		const id = `${kernel.name}.${words.vdev}`;
		const at = channels.findIndex((each) => each.id === id);
		if (at >= 0) past.channels.set(id, channels[at].counts);
		const meter = past.meter(id, engine.now, mostOutstanding);
		const before = past.channels.get(id);
		const channel = new Xen1VbdChannel(words, index, kernel, domain, identities, devices, meter, before);
		channels[at < 0 ? channels.length : at] = channel;
		// One ring for all disks of the domain: it is watched once.
		if (index === 0) this.onChannel(channel);
	}

	/** A domain's kernel probes for its disks. Inside a step of it. */
	connect(host: HostDomain): void {
		const {kernel} = host;
		const own = this.channels.filter(({frontKernel}) => frontKernel === kernel);
		if (own.length === 0) return;
		const [{domain, identities}] = own;
		const block = new Xen1Block(kernel, domain.events, this.devices.block, {
			channel: `${kernel.name}.blk`,
			words: domain.block.page.words,
			identities,
			hash: this.engine.hash,
		});
		for (const channel of own) {
			const {vdev: name, virtualDevice, meter} = channel;
			const found = domain.block.disks.get(virtualDevice);
			assert(found !== undefined, 'the disk is in the table');
			const vbd = new Xen1Vbd(block, {name, device: virtualDevice, ...found.device.limits});
			channel.block = block;
			channel.vbd = vbd;
			meter.attach(
				vbd,
				() => kernel.now(),
				() => vbd.inFlight > 0,
			);
			vbd.occupancy = meter.ring;
			host.disks.set(name, vbd);
		}

		for (const {vdev, vbd} of own) {
			if (vbd !== undefined) this.onDisk(host, vdev, vbd);
		}
	}

	/** A domain is dead, and what was on its rings with it. */
	lost(name: string): void {
		for (const {frontKernel, meter} of this.channels) {
			if (frontKernel.name === name) meter.lost(this.engine.now);
		}
	}

	/** This boot is over: what its channels have counted is remembered. */
	retire(): void {
		for (const channel of this.channels) {
			this.past.channels.set(channel.id, channel.counts);
		}
	}
}
