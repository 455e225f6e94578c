/** Xen 1.0's shared pages, byte by byte: no header of its is installed, so the offsets here are those of its declarations on i386. */
import {expect, test} from 'vitest';
import * as vbd1 from '../../../source/sim/channel/vbd1.js';
import * as vif1 from '../../../source/sim/channel/vif1.js';
import * as info from '../../../source/sim/xen/shared-info1.js';

/** A page seen as bytes and as words. */
function page() {
	const words = new Int32Array(1024);
	return {words, bytes: Buffer.from(words.buffer)};
}

test('the block ring: two indices, then 64 slots of 60 bytes', () => {
	const {words, bytes} = page();
	const ring = new vbd1.VbdFrontRing(words);
	const entry = ring.nextRequest();
	expect(entry * 4).toBe(8);
	expect(ring.nextRequest() * 4).toBe(8 + 60);
	vbd1.writeRequest(words, entry, 0x11223344, 0x55667788, 0x3002, 1, 12);
	for (let i = 0; i < 12; i++) vbd1.writeSegment(words, entry, i, 0xffff_fe00 - i * 512, 511 - i);
	expect(bytes.readUInt32LE(8)).toBe(0x11223344);
	expect(bytes.readUInt32LE(12)).toBe(0x55667788);
	expect(bytes.readUInt16LE(16)).toBe(0x3002);
	expect([bytes[18], bytes[19]]).toEqual([1, 12]);
	for (let i = 0; i < 12; i++) expect(bytes.readUInt32LE(20 + i * 4)).toBe(0xffff_fe00 - i * 512 + 511 - i);
	const copy = new Int32Array(vbd1.requestWords);
	vbd1.copyRequest(words, entry, copy);
	expect([vbd1.requestSector(copy), vbd1.requestDevice(copy)]).toEqual([0x55667788, 0x3002]);
	expect([vbd1.requestOperation(copy), vbd1.requestSegments(copy)]).toEqual([1, 12]);
	expect([vbd1.segmentAddress(copy, 11), vbd1.segmentSectors(copy, 11)]).toEqual([0xffff_fe00 - 11 * 512, 500]);
	ring.publishRequests();
	expect([bytes.readUInt32LE(0), bytes.readUInt32LE(4)]).toEqual([2, 0]);
	vbd1.writeResponse(words, entry, 7, 1, 2);
	expect([bytes.readUInt32LE(8), bytes.readUInt16LE(12), bytes.readUInt32LE(16)]).toEqual([7, 1, 2]);
	expect(vbd1.slotsOffset + vbd1.ringSlots * vbd1.slotBytes).toBe(3848);
});

test('the tables of fields say the same', () => {
	const at = (layout: Readonly<Record<string, {offset: number}>>) => Object.values(layout).map(({offset}) => offset);
	expect(at(vbd1.requestLayout)).toEqual([0, 4, 8, 10, 11, 12]);
	expect(at(vbd1.responseLayout)).toEqual([0, 4, 8]);
	expect(at(vif1.txRequestLayout)).toEqual([0, 2, 4]);
	expect(at(vif1.txResponseLayout)).toEqual([0, 2]);
	expect(at(vif1.rxRequestLayout)).toEqual([0, 4]);
	expect(at(vif1.rxResponseLayout)).toEqual([0, 2, 4, 5]);
	expect(at(vif1.indexLayout)).toEqual([0, 4, 8, 12, 16, 20]);
	expect(vbd1.operations).toEqual({
		READ: 0,
		WRITE: 1,
		PROBE_BLK: 5,
		SEG_CREATE: 7,
		SEG_DELETE: 8,
		PROBE_SEG: 9,
		PHYSDEV_GRANT: 10,
	});
	expect(vbd1.virtualDisk(2)).toBe(0x3002);
});

test('a block ring takes 63 requests, and its indices come round at 64', () => {
	const {words, bytes} = page();
	const front = new vbd1.VbdFrontRing(words);
	const back = new vbd1.VbdBackRing(words);
	for (let round = 0; round < 5; round++) {
		for (let i = 0; i < 63; i++) front.nextRequest();
		expect([front.full, front.outstanding]).toEqual([true, 63]);
		expect(() => front.nextRequest()).toThrow('room');
		front.publishRequests();
		let taken = 0;
		for (; back.hasRequest; taken++) back.nextRequest();
		expect(taken).toBe(63);
		for (let i = 0; i < 63; i++) back.nextResponse();
		expect(() => back.nextResponse()).toThrow('was taken');
		back.publishResponses();
		expect(front.unconsumedResponses).toBe(63);
		while (front.unconsumedResponses > 0) front.nextResponse();
		expect(bytes.readUInt32LE(0)).toBe(((round + 1) * 63) % 64);
		expect(bytes.readUInt32LE(4)).toBe(((round + 1) * 63) % 64);
	}
});

test('whatever a guest writes to its index, Xen takes no more than a ring', () => {
	for (const index of [-1, 64, 0x7fff_ffff, 40, 0xdead_beef | 0]) {
		const {words} = page();
		const back = new vbd1.VbdBackRing(words);
		words[0] = index;
		let taken = 0;
		while (back.hasRequest && taken < 100) {
			back.nextRequest();
			taken++;
		}

		expect(taken).toBe(index & 63);
	}
});

test('the page of a network interface: 256 transmit, then 256 receive descriptors of 8 bytes', () => {
	const {words, bytes} = page();
	const shared = page();
	const transmit = new vif1.VifFrontRing(words, shared.words, 3, 'transmit');
	const receive = new vif1.VifFrontRing(words, shared.words, 3, 'receive');
	transmit.nextRequest();
	const tx = transmit.nextRequest();
	const rx = receive.nextRequest();
	expect([tx * 4, rx * 4]).toEqual([8, 2048]);
	vif1.writeTxRequest(words, tx, 0xabcd, 1514, 0xfedc_b010);
	expect([bytes.readUInt16LE(8), bytes.readUInt16LE(10), bytes.readUInt32LE(12)]).toEqual([0xabcd, 1514, 0xfedc_b010]);
	vif1.writeRxRequest(words, rx, 0x1234, 0x8000_0ffc);
	expect([bytes.readUInt16LE(2048), bytes.readUInt32LE(2052)]).toEqual([0x1234, 0x8000_0ffc]);
	vif1.writeTxResponse(words, tx, 0xabcd, 2);
	expect([bytes.readUInt16LE(8), bytes[10], vif1.txStatusOf(words[tx])]).toEqual([0xabcd, 2, 2]);
	vif1.writeRxResponse(words, rx, 0x1234, 1514, 1, 16);
	expect([bytes.readUInt16LE(2048), bytes.readUInt16LE(2050), bytes[2052], bytes[2053]]).toEqual([0x1234, 1514, 1, 16]);
	expect([vif1.sizeOf(words[rx]), vif1.rxStatusOf(words[rx + 1]), vif1.rxOffsetOf(words[rx + 1])]).toEqual([
		1514, 1, 16,
	]);
	transmit.publishRequests();
	receive.publishRequests();
	transmit.armEvent(5);
	receive.armEvent();
	const base = 72 + 3 * 24;
	const indices = [0, 4, 8, 12, 16, 20].map((offset) => shared.bytes.readUInt32LE(base + offset));
	expect(indices).toEqual([2, 0, 5, 1, 0, 1]);
});

test('a guest is told when the response index comes to its event index, modulo 256', () => {
	const {words} = page();
	const shared = page();
	const front = new vif1.VifFrontRing(words, shared.words, 0, 'receive');
	const back = new vif1.VifBackRing(words, shared.words, 0, 'receive');
	let told = 0;
	for (let i = 0; i < 600; i++) {
		front.nextRequest();
		front.publishRequests();
		expect(back.hasRequest).toBe(true);
		back.nextRequest();
		expect(back.hasRequest).toBe(false);
		if (i % 3 === 0) front.armEvent(3);
		back.nextResponse();
		const tells = back.publishResponse();
		expect(tells).toBe(i % 3 === 2);
		if (tells) told++;
		if (tells) while (front.unconsumedResponses > 0) front.nextResponse();
	}

	expect(told).toBe(200);
});

test('shared_info: events and their mask, with bit 31 the master enable', () => {
	const {words, bytes} = page();
	const shared = new info.SharedInfo1(0, words);
	shared.unmask(info.eventNet);
	shared.enable(true);
	expect(bytes.readUInt32LE(4)).toBe(0x8000_0010);
	expect([shared.set(info.eventBlkdev), shared.set(info.eventNet), shared.set(info.eventNet)]).toEqual([
		true,
		true,
		false,
	]);
	expect(bytes.readUInt32LE(0)).toBe(0x11);
	expect([shared.take(), bytes.readUInt32LE(0)]).toEqual([0x10, 1]);
	shared.enable(false);
	expect(bytes.readUInt32LE(4)).toBe(0x10);
	expect(info.netIndexOffset + info.vifLimit * info.netIndexBytes).toBe(264);
});
