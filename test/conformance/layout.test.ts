/** Our tables and numbers of Xen's public interface beside what a C compiler makes of the real headers. */
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import * as blkif from '../../source/sim/channel/blkif.js';
import {
	requestEventWord,
	requestProducerWord,
	responseEventWord,
	responseProducerWord,
	ringEntries,
	ringHeaderWords,
} from '../../source/sim/channel/ring.js';
import {xenbusStateNames} from '../../source/sim/channel/xenbus.js';
import {DOMID_FIRST_RESERVED, DOMID_SELF} from '../../source/sim/xen/domid.js';
import * as eventPorts from '../../source/sim/xen/event-ports.js';
import * as grantEntry from '../../source/sim/xen/grant-entry.js';
import * as grantStatus from '../../source/sim/xen/grant-status.js';
import {portLimit, SharedInfo} from '../../source/sim/xen/shared-info.js';
import {needsXenHeaders} from '../support/peers.js';
import {compilePlayer, layoutInC} from './ring-player.js';

needsXenHeaders()('the real headers', () => {
	let layout: Map<string, number[]>;
	let player: {path: string; remove: () => void};
	beforeAll(() => {
		player = compilePlayer();
		layout = layoutInC(player.path);
	});
	afterAll(() => {
		player?.remove();
	});
	const constant = (name: string) => layout.get(`constant ${name}`)?.[0];

	it('have our blkif request, segment and response', () => {
		for (const [fields, type] of [
			[blkif.requestLayout, 'blkif_request_t'],
			[blkif.segmentLayout, 'struct blkif_request_segment'],
			[blkif.responseLayout, 'blkif_response_t'],
		] as const) {
			for (const [field, {offset, bytes}] of Object.entries(fields)) {
				expect(layout.get(`offsetof ${type} ${field}`), `${type}.${field}`).toEqual([offset, bytes]);
			}
		}

		const {offset, count, bytes} = blkif.requestSegments;
		expect(layout.get('offsetof blkif_request_t seg')).toEqual([offset, count * bytes]);
		expect(layout.get('sizeof struct blkif_request_segment')).toEqual([bytes]);
		expect(layout.get('sizeof union blkif_sring_entry')).toEqual([blkif.entryBytes]);
		expect(layout.get('sizeof blkif_response_t')).toEqual([blkif.responseBytes]);
	});

	it('have our ring header and ring sizes', () => {
		expect(layout.get('offsetof blkif_sring_t req_prod')?.[0]).toBe(requestProducerWord * 4);
		expect(layout.get('offsetof blkif_sring_t req_event')?.[0]).toBe(requestEventWord * 4);
		expect(layout.get('offsetof blkif_sring_t rsp_prod')?.[0]).toBe(responseProducerWord * 4);
		expect(layout.get('offsetof blkif_sring_t rsp_event')?.[0]).toBe(responseEventWord * 4);
		expect(layout.get('offsetof blkif_sring_t ring')?.[0]).toBe(ringHeaderWords * 4);
		for (const pages of [1, 2, 4, 8, 16]) {
			expect(layout.get(`ring blkif ${pages}`)).toEqual([pages, ringEntries(pages, blkif.entryBytes)]);
		}
	});

	it('have our operations, statuses and limits of blkif', () => {
		for (const [name, value] of Object.entries(blkif.operations))
			expect(constant(`BLKIF_OP_${name}`), name).toBe(value);
		for (const [name, value] of Object.entries(blkif.responseStatus)) {
			expect(constant(`BLKIF_RSP_${name}`), name).toBe(value);
		}

		for (const [name, value] of Object.entries(blkif.vdiskFlags)) expect(constant(`VDISK_${name}`), name).toBe(value);
		expect(constant('BLKIF_MAX_SEGMENTS_PER_REQUEST')).toBe(blkif.maximumSegments);
	});

	it('have our grant entries, statuses and event channel states', () => {
		let checked = 0;
		for (const part of [grantStatus, grantEntry, eventPorts]) {
			for (const [name, value] of Object.entries(part)) {
				if (!/^(GNTST|GTF|EVTCHNSTAT)_/.test(name) || constant(name) === undefined) continue;
				expect(value, name).toBe(constant(name));
				checked++;
			}
		}

		expect(checked).toBeGreaterThanOrEqual(20);
		expect(layout.get('sizeof grant_entry_v1_t')).toEqual([8]);
		expect(grantEntry.grantEntriesPerFrame).toBe(4096 / 8);
		expect(constant('DOMID_SELF')).toBe(DOMID_SELF);
		expect(constant('DOMID_FIRST_RESERVED')).toBe(DOMID_FIRST_RESERVED);
		expect(constant('EVTCHN_2L_NR_CHANNELS')).toBe(portLimit);
	});

	it('number the xenbus states as we do', () => {
		expect(xenbusStateNames.length).toBe(9);
		for (const [state, name] of xenbusStateNames.entries()) expect(constant(`XenbusState${name}`), name).toBe(state);
	});

	it('place the bits of shared_info where ours are', () => {
		const words = new Int32Array(1024);
		const info = new SharedInfo(0, words);
		const byteOf = (set: () => void) => {
			words.fill(0);
			set();
			return Buffer.from(words.buffer).findIndex((byte) => byte !== 0);
		};
		const offset = (type: string, field: string) => layout.get(`offsetof struct ${type} ${field}`)?.[0] ?? -1;
		const port = 777;
		expect(byteOf(() => info.setPending(port))).toBe(offset('shared_info', 'evtchn_pending') + (port >> 3));
		expect(byteOf(() => info.mask(port))).toBe(offset('shared_info', 'evtchn_mask') + (port >> 3));
		const vcpu = 3;
		const vcpuInfo = offset('shared_info', 'vcpu_info') + vcpu * (layout.get('sizeof struct vcpu_info')?.[0] ?? 0);
		expect(byteOf(() => info.setUpcallPending(vcpu))).toBe(vcpuInfo + offset('vcpu_info', 'evtchn_upcall_pending'));
		expect(byteOf(() => info.setUpcallMask(vcpu, true))).toBe(vcpuInfo + offset('vcpu_info', 'evtchn_upcall_mask'));
		expect(byteOf(() => info.select(vcpu, port))).toBe(
			vcpuInfo + offset('vcpu_info', 'evtchn_pending_sel') + (port >> 9),
		);
	});
});

describe('the accessors of blkif', () => {
	it('put every field where the table says', () => {
		const words = new Int32Array(blkif.requestWords);
		const bytes = Buffer.from(words.buffer);
		blkif.writeRequest(words, 0, 0xa1, 11, 0xb2c3, 0x0102_0304, 0x0005_0607_0809_0a0b);
		blkif.writeSegment(words, 0, 10, 0xdead_beef, 3, 7);
		const {operation, nr_segments, handle, id, sector_number} = blkif.requestLayout;
		expect(bytes.readUInt8(operation.offset)).toBe(0xa1);
		expect(bytes.readUInt8(nr_segments.offset)).toBe(11);
		expect(bytes.readUInt16LE(handle.offset)).toBe(0xb2c3);
		expect(bytes.readBigUInt64LE(id.offset)).toBe(0x0102_0304n);
		expect(bytes.readBigUInt64LE(sector_number.offset)).toBe(0x0005_0607_0809_0a0bn);
		const segment = blkif.requestSegments.offset + 10 * blkif.requestSegments.bytes;
		expect(bytes.readUInt32LE(segment + blkif.segmentLayout.gref.offset)).toBe(0xdead_beef);
		expect(bytes.readUInt8(segment + blkif.segmentLayout.first_sect.offset)).toBe(3);
		expect(bytes.readUInt8(segment + blkif.segmentLayout.last_sect.offset)).toBe(7);
		expect(blkif.requestSector(words)).toBe(0x0005_0607_0809_0a0b);
		expect(blkif.segmentReference(words, 10)).toBe(0xdead_beef);
	});

	it('write a response without touching the padding', () => {
		const words = new Int32Array(4).fill(-1);
		const bytes = Buffer.from(words.buffer);
		blkif.writeResponse(words, 0, 5, 6, blkif.operationWrite, blkif.responseError);
		expect(bytes.readInt16LE(blkif.responseLayout.status.offset)).toBe(-1);
		expect(bytes.readUInt8(blkif.responseLayout.operation.offset)).toBe(1);
		expect(bytes.readUInt8(9)).toBe(0xff);
		expect(bytes.readUInt32LE(12)).toBe(0xffff_ffff);
	});
});
