/**
A guest's network interface served by domain zero: real netfront and netback on real kernels over the small Xen and its xenstored, the
directories as xl writes them, and a test behind that takes what comes and sends what it likes.
*/
import {Netback, type NetbackOptions} from '../../source/sim/backend/netback.js';
import {ringSlots} from '../../source/sim/channel/netif.js';
import {RingIdentities} from '../../source/sim/channel/ring-identities.js';
import {Netfront, type NetfrontOptions} from '../../source/sim/frontend/netfront.js';
import type {DomainKernel} from '../../source/sim/kernel/domain-kernel.js';
import type {GuestKernel} from '../../source/sim/kernel/kernel.js';
import {type ChecksumState, type NetDevice, NetPacket} from '../../source/sim/kernel/net-device.js';
import {storeHost} from '../sim/xenstore/store-host.js';
import {inKernel} from './disk-channel.js';

export interface NetChannelOptions {
	readonly cpus?: number;
	/** The guest's name, and the host it lives on with others. */
	readonly name?: string;
	readonly host?: ReturnType<typeof storeHost>;
	/** xl's `rate` as it is written to XenStore. */
	readonly rate?: string;
	readonly front?: Partial<NetfrontOptions>;
	readonly back?: Partial<NetbackOptions>;
	/** false: the hotplug script has not run yet. */
	readonly plugged?: boolean;
}

/** A packet as whoever got it saw it. */
export interface Seen {
	readonly bytes: Buffer;
	readonly lengths: readonly number[];
	readonly checksum: ChecksumState;
	readonly segmentSize: number;
}

/** A packet on its way: `status` is undefined until it is done with. */
export interface Sent {
	readonly packet: NetPacket;
	readonly pages: readonly number[];
	taken: boolean;
	status: number | undefined;
}

export interface Piece {
	readonly offset: number;
	readonly bytes: Buffer;
}

/** Collects what a device receives. `hold` keeps packets until `letGo`. */
export class Receiver {
	readonly seen: Seen[] = [];
	hold = false;
	readonly held: NetPacket[] = [];

	constructor(
		private readonly kernel: GuestKernel,
		device: NetDevice,
	) {
		device.receiver = (packet) => {
			this.seen.push(look(kernel, packet));
			if (this.hold) this.held.push(packet);
			else packet.done(packet, 0);
		};
	}

	get bytes(): Buffer[] {
		return this.seen.map(({bytes}) => bytes);
	}

	letGo(): void {
		inKernel(this.kernel as DomainKernel, () => {
			// The tests' kernels are domains'.
			for (const packet of this.held.splice(0)) packet.done(packet, 0);
		});
	}
}

function look(kernel: GuestKernel, packet: NetPacket): Seen {
	const parts: Buffer[] = [];
	for (let i = 0; i < packet.segments; i++) {
		const from = packet.offsets[i];
		parts.push(Buffer.from(kernel.bytes(packet.pages[i]).subarray(from, from + packet.lengths[i])));
	}

	return {
		bytes: Buffer.concat(parts),
		lengths: parts.map(({length}) => length),
		checksum: packet.checksum,
		segmentSize: packet.segmentSize,
	};
}

/** A packet of `kernel`'s in pages of its own, a piece in each. */
export function packetOf(
	kernel: GuestKernel,
	pieces: readonly Piece[],
	how: {checksum?: ChecksumState; segmentSize?: number; identity?: number} = {},
): Sent {
	const packet = new NetPacket(Math.max(pieces.length, 1), 0, (_, status) => {
		if (sent.status !== undefined) throw new Error('a packet is done with once');
		sent.status = status;
		for (const page of sent.pages) kernel.releasePage(page);
	});
	const pages: number[] = [];
	for (const [i, {offset, bytes}] of pieces.entries()) {
		const page = kernel.page();
		bytes.copy(kernel.bytes(page), offset);
		pages.push(page);
		packet.pages[i] = page;
		packet.offsets[i] = offset;
		packet.lengths[i] = bytes.length;
		packet.bytes += bytes.length;
	}

	packet.segments = pieces.length;
	packet.checksum = how.checksum ?? 0;
	packet.segmentSize = how.segmentSize ?? 0;
	packet.identity = how.identity ?? 0;
	const sent: Sent = {packet, pages, taken: false, status: undefined};
	return sent;
}

export function netChannel(options: NetChannelOptions = {}) {
	const {name = 'web', host = storeHost(options.cpus ?? 2)} = options;
	const {domainZero, store, settle, engine} = host;
	const {kernel: guest} = host.guest(name);
	const transmitIdentities = new RingIdentities(ringSlots);
	const receiveIdentities = new RingIdentities(ringSlots);
	const shared = {channel: `${name}:0`, device: 0, transmitIdentities, receiveIdentities, hash: engine.hash};
	const front = new Netfront(guest, {
		name: 'eth0',
		...shared,
		transmitWrites: engine.faults.point(`ring.write ${name}:0 transmit front`, [name]),
		receiveWrites: engine.faults.point(`ring.write ${name}:0 receive front`, [name]),
		...options.front,
	});
	const back = new Netback(domainZero, {frontend: guest.domid, ...shared, ...options.back});
	const frontPath = `/local/domain/${guest.domid}/device/vif/0`;
	const backPath = `/local/domain/0/backend/vif/${guest.domid}/0`;

	/** xl's part: both directories with their keys, owners and permissions. */
	const attach = () => {
		inKernel(domainZero, () => {
			store.write(frontPath, '');
			store.setPermissions(frontPath, [`n${guest.domid}`, 'r0']);
			store.write(backPath, '');
			store.setPermissions(backPath, ['n0', `r${guest.domid}`]);
			const mac = '00:16:3e:01:02:0a';
			for (const [key, value] of Object.entries({backend: backPath, 'backend-id': '0', state: '1', handle: '0', mac})) {
				store.write(`${frontPath}/${key}`, value);
			}

			for (const [key, value] of Object.entries({
				frontend: frontPath,
				'frontend-id': String(guest.domid),
				online: '1',
				state: '1',
				handle: '0',
				mac,
				...(options.rate === undefined ? {} : {rate: options.rate}),
				...(options.plugged === false ? {} : {'hotplug-status': 'connected'}),
			})) {
				store.write(`${backPath}/${key}`, value);
			}
		});
		settle();
	};

	/** The whole handshake. */
	const connect = () => {
		attach();
		inKernel(domainZero, () => back.start());
		inKernel(guest, () => front.start());
		settle();
	};

	/** A key of XenStore as domain zero reads it; '' when it is not there. */
	const read = (path: string): string => {
		let answer = '';
		inKernel(domainZero, () => {
			store.read(path, (_, value) => {
				answer = value;
			});
		});
		settle();
		return answer;
	};

	/** Lets virtual time go by. */
	const run = (nanoseconds: number) => {
		const until = engine.now + nanoseconds;
		while (!engine.run(until, 1_000_000)) {
			// The budget ended first.
		}
	};

	const transmit = (kernel: DomainKernel, device: NetDevice, sent: readonly Sent[]) => {
		inKernel(kernel, () => {
			for (const each of sent) each.taken = device.transmit(each.packet);
		});
	};

	return {
		...host,
		guest,
		front,
		back,
		/** What the guest got, and what its backend's domain got of it. */
		atGuest: new Receiver(guest, front),
		atBack: new Receiver(domainZero, back),
		transmitIdentities,
		receiveIdentities,
		frontPath,
		backPath,
		attach,
		connect,
		read,
		run,
		/** Sends in one task of the guest, or of domain zero towards it. */
		fromGuest: (...sent: Sent[]) => transmit(guest, front, sent),
		toGuest: (...sent: Sent[]) => transmit(domainZero, back, sent),
		messages: () => engine.log.since(0).map(({text}) => text),
	};
}

/** So many bytes that tell where they stand. */
export function pattern(length: number, seed = 0): Buffer {
	const bytes = Buffer.alloc(length);
	for (let i = 0; i < length; i++) bytes[i] = (i * 7 + (i >> 8) * 13 + seed * 31) & 0xff;
	return bytes;
}

/** One packet's bytes cut into pieces that lie at the beginning of a page each. */
export function pieces(bytes: Buffer, ...cuts: number[]): Piece[] {
	const found: Piece[] = [];
	let at = 0;
	for (const length of [...cuts, bytes.length]) {
		const end = Math.min(at + length, bytes.length);
		if (end > at) found.push({offset: 0, bytes: bytes.subarray(at, end)});
		at = end;
	}

	return found;
}

/** Where two lists of packets differ; quicker than comparing large ones element by element. */
export function differing(got: readonly Buffer[], wanted: readonly Buffer[]): number[] {
	const found: number[] = [];
	for (let i = 0; i < Math.max(got.length, wanted.length); i++) {
		if (got[i] === undefined || wanted[i] === undefined || !got[i].equals(wanted[i])) found.push(i);
	}

	return found;
}
