/** Two guests on one bridge: what one sends reaches the other out of its own pages, whole where both can, and nothing is left behind. */
import {describe, expect, it} from 'vitest';
import {Bridge} from '../../../source/sim/backend/bridge.js';
import {checksumBlank, checksumPresent} from '../../../source/sim/kernel/net-device.js';
import {differing, netChannel, packetOf, pattern, pieces} from '../../support/net-channel.js';
import {storeHost} from '../xenstore/store-host.js';

const web = Buffer.from('00163e000001', 'hex');
const db = Buffer.from('00163e000002', 'hex');

/** A frame of some protocol nobody looks into. */
function frame(to: Buffer, from: Buffer, length: number, seed = 0): Buffer {
	const bytes = pattern(length, seed);
	to.copy(bytes, 0);
	from.copy(bytes, 6);
	bytes.writeUInt16BE(0x88b5, 12);
	return bytes;
}

function twoGuests() {
	const host = storeHost(4);
	const one = netChannel({host, name: 'web'});
	const other = netChannel({host, name: 'db'});
	const bridge = new Bridge(host.domainZero, 'xenbr0', {mac: Uint8Array.from([0, 0x16, 0x3e, 0, 0, 0xff])});
	for (const vif of [one, other]) {
		bridge.addPort(vif.back);
		vif.connect();
	}

	// Each says where it is.
	one.fromGuest(packetOf(one.guest, pieces(frame(Buffer.alloc(6, 0xff), web, 60))));
	other.fromGuest(packetOf(other.guest, pieces(frame(Buffer.alloc(6, 0xff), db, 60))));
	host.settle();
	one.atGuest.seen.length = 0;
	other.atGuest.seen.length = 0;
	return {host, one, other, bridge};
}

describe('from guest to guest over the bridge', () => {
	it('frames travel both ways with every byte, copied out of mapped pages', () => {
		const {host, one, other} = twoGuests();
		const there = Array.from({length: 40}, (_, i) => frame(db, web, 60 + i * 36, i));
		const back = Array.from({length: 40}, (_, i) => frame(web, db, 1514 - i * 36, i));
		const sent = [
			...there.map((bytes) => packetOf(one.guest, pieces(bytes, 54))),
			...back.map((bytes) => packetOf(other.guest, pieces(bytes))),
		];
		one.fromGuest(...sent.slice(0, 40));
		other.fromGuest(...sent.slice(40));
		host.settle();
		expect(differing(other.atGuest.bytes, there)).toEqual([]);
		expect(differing(one.atGuest.bytes, back)).toEqual([]);
		expect(sent.every(({status}) => status === 0)).toBe(true);
		for (const vif of [one, other]) {
			expect([vif.back.fromGuest.grantsMapped, vif.front.receiving.posted, vif.back.txErrors]).toEqual([0, 256, 0]);
		}

		// Two ring pages of each guest.
		expect(host.xen.grants.counters(0).mappings).toBe(4);
	});

	it('a packet to be segmented stays whole, with its checksum blank', () => {
		const {host, one, other} = twoGuests();
		const bytes = frame(db, web, 40_000);
		const cuts = Array.from({length: 10}, () => 4000);
		one.fromGuest(packetOf(one.guest, pieces(bytes, ...cuts), {checksum: checksumBlank, segmentSize: 1448}));
		host.settle();
		expect(other.atGuest.seen).toMatchObject([{segmentSize: 1448, checksum: checksumBlank}]);
		expect(differing(other.atGuest.bytes, [bytes])).toEqual([]);
	});

	it('a guest that posts nothing keeps the other waiting for no longer than the drain timeout', () => {
		const {host, one, other} = twoGuests();
		const {run} = one;
		const idle = other.guest.define('stop posting', {name: 'test', ns: 1, source: 'test'}, () => {
			other.front.postReceive(false);
		});
		other.guest.task(idle);
		const sent = Array.from({length: 300}, (_, i) =>
			packetOf(one.guest, pieces(frame(db, web, 1000, i)), {checksum: checksumPresent}),
		);
		for (let i = 0; i < 300; i += 20) {
			one.fromGuest(...sent.slice(i, i + 20));
			run(1_000_000);
		}

		expect(other.atGuest.seen.length).toBe(256);
		expect(sent.filter(({status}) => status === undefined).length).toBe(44);
		expect(one.back.fromGuest.grantsMapped).toBe(44);
		run(10_100_000_000);
		expect([one.back.fromGuest.grantsMapped, other.back.txDropped]).toEqual([0, 44]);
		expect(sent.every(({status}) => status === 0)).toBe(true);
		host.settle();
	});
});
