/**
The virtual disks of a host, from one boot to the next: channels between frontends and backends, and what stands behind them; and the partitions
that domain zero's own jobs use without a channel.
*/
import {assert} from '../../engine/assert.js';
import type {Engine} from '../../engine/engine.js';
import {Blkback} from '../backend/blkback.js';
import {Volume} from '../backend/volume.js';
import {Blkfront} from '../frontend/blkfront.js';
import type {BlockDevice} from '../kernel/block-device.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {DiskWords, Scenario} from '../scenario/types.js';
import type {Hypervisor} from '../xen/hypervisor.js';
import type {DiskChannel} from './channels.js';
import {whenRemoved} from './device-removal.js';
import type {HostDomain} from './host-domain.js';
import type {Past} from './past.js';
import {VbdChannel} from './vbd-channel.js';

export class HostDisks {
	/** The newest of each name, where the first of it was. */
	readonly channels: VbdChannel[] = [];
	/** Told when a channel exists, and when a domain's disk can be used for the first time in its life. */
	onChannel: (channel: DiskChannel) => void = () => {};
	onDisk: (domain: HostDomain, disk: string, device: BlockDevice) => void = () => {};
	/** Told when a domain has lost a disk of its own accord or by xl block-detach. */
	onDetached: (domain: string, disk: string) => void = () => {};

	/** @param driven a device's disk, once its driver has been placed. */
	constructor(
		private readonly engine: Engine,
		private readonly xen: Hypervisor,
		private readonly scenario: Scenario,
		private readonly past: Past,
		private readonly driven: (device: string) => BlockDevice | undefined,
	) {}

	/** A guest gets a disk. The new channel takes the place of one of its name. */
	attach(words: DiskWords, kernel: DomainKernel, backend: DomainKernel): void {
		const {channels, past, xen} = this;
		const id = `${kernel.name}.${words.vdev}`;
		const at = channels.findIndex((each) => each.id === id);
		if (at >= 0) {
			past.channels.set(id, channels[at].counts);
		}

		const meter = past.meter(id, this.engine.now);
		const channel = new VbdChannel(words, kernel, backend, xen, meter, past.channels.get(id));
		channels[at < 0 ? channels.length : at] = channel;
		this.onChannel(channel);
	}

	/** A guest has found a disk of its own. The caller is inside a step of its kernel. */
	connect(domain: HostDomain, virtualDevice: number): void {
		const {kernel} = domain;
		const channel = this.#channelOf(kernel.domid, virtualDevice);
		const front = new Blkfront(kernel, {
			name: channel.vdev,
			channel: channel.id,
			virtualDevice,
			vcpu: 0,
			identities: channel.identities,
			hash: this.engine.hash,
		});
		channel.blkfront = front;
		const {shadow} = front;
		channel.meter.attach(
			front,
			() => kernel.now(),
			() => shadow.free < shadow.size,
		);
		front.onConnected = () => {
			if (!domain.disks.has(channel.vdev)) {
				domain.disks.set(channel.vdev, front);
				this.onDisk(domain, channel.vdev, front);
			}
		};
		front.onClosed = () => {
			domain.disks.delete(channel.vdev);
			this.onDetached(domain.name, channel.vdev);
		};
		front.start();
	}

	/** The backend's domain has found a disk to serve. The caller is inside a step of its kernel. */
	serve(kernel: DomainKernel, frontend: number, virtualDevice: number): void {
		const channel = this.#channelOf(frontend, virtualDevice);
		const {words} = channel;
		channel.serveFrom(kernel);
		const readonly = words.access === 'ro';
		const back = new Blkback(kernel, {
			frontend,
			virtualDevice,
			channel: channel.id,
			device: this.#volume(words.target, words, readonly),
			readonly,
			vcpu: this.channels.indexOf(channel) % kernel.domain.vcpus.length,
			identities: channel.identities,
			hash: this.engine.hash,
		});
		channel.blkback = back;
		back.start();
	}

	/** Whether a device was attached anew and nobody serves it yet. */
	isAnew(frontend: number, virtualDevice: number): boolean {
		const channel = this.#find(frontend, virtualDevice);
		return channel !== undefined && channel.blkback === undefined;
	}

	/** xl has detached a disk: nobody uses it any more, and both ends stop listening to the store. */
	detached(domid: number, virtualDevice: number): void {
		const {frontKernel, backKernel, blkfront, blkback, vdev} = this.#channelOf(domid, virtualDevice);
		whenRemoved(frontKernel, () => {
			this.onDetached(frontKernel.name, vdev);
			blkfront?.remove();
		});
		whenRemoved(backKernel, () => blkback?.xenbus.stop());
	}

	/** A domain that has a device's driver uses a partition of it, or all of it, without a channel. */
	openPartition(domain: HostDomain, name: string): void {
		for (const {name: device, sectors, partitions} of this.scenario.host.devices) {
			const partition = name === device ? {start: 0, sectors} : partitions.find((each) => each.name === name);
			if (partition !== undefined) {
				const volume = this.#volume(name, {device, ...partition}, false);
				domain.disks.set(name, volume);
				this.onDisk(domain, name, volume);
			}
		}
	}

	/** A domain is dead, and what was on its rings with it. */
	lost(name: string): void {
		for (const {frontKernel, meter} of this.channels) {
			if (frontKernel.name === name) {
				meter.lost(this.engine.now);
			}
		}
	}

	/** This boot is over: what its channels have counted is remembered. */
	retire(): void {
		for (const channel of this.channels) {
			this.past.channels.set(channel.id, channel.counts);
		}
	}

	#volume(
		name: string,
		{device, start, sectors}: {readonly device: string; readonly start: number; readonly sectors: number},
		readonly: boolean,
	): Volume {
		const disk = this.driven(device);
		assert(disk !== undefined, `${device} is a disk with a driver`);
		return new Volume(name, disk, [{start, sectors}], readonly);
	}

	#channelOf(frontend: number, virtualDevice: number): VbdChannel {
		const channel = this.#find(frontend, virtualDevice);
		assert(channel !== undefined, 'a device in the store is one the toolstack attached');
		return channel;
	}

	#find(frontend: number, virtualDevice: number): VbdChannel | undefined {
		return this.channels.find((each) => each.frontKernel.domid === frontend && each.virtualDevice === virtualDevice);
	}
}
