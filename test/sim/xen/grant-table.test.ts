/** Grant tables: entries to the byte, statuses, limits; and a model that says no mapped frame is reused. */
import * as fc from 'fast-check';
import {beforeEach, describe, expect, it} from 'vitest';
import {drop, FaultPoints} from '../../../source/engine/fault-points.js';
import {Memory} from '../../../source/hw/memory.js';
import {defaultGrantLimits, type GrantLimits} from '../../../source/sim/xen/domain-grants.js';
import {FrameTable, nobody} from '../../../source/sim/xen/frame-table.js';
import {
	GNTST_bad_copy_arg,
	GNTST_bad_domain,
	GNTST_bad_gntref,
	GNTST_bad_handle,
	GNTST_bad_page,
	GNTST_general_error,
	GNTST_no_space,
	GNTST_okay,
	grantStatusMessage,
} from '../../../source/sim/xen/grant-status.js';
import {GNTMAP_device_map, GNTMAP_host_map, GNTMAP_readonly, GrantTables} from '../../../source/sim/xen/grant-table.js';
import {GuestGrantTable} from '../../../source/sim/xen/guest-grant-table.js';

const backend = 0;
const guest = 1;
const stranger = 2;
const reading = 8;
const writing = 16;

class Machine {
	readonly memory = new Memory(400 * 4096);
	readonly faults = new FaultPoints();
	readonly frames = new FrameTable(this.memory);
	readonly grants = new GrantTables(this.memory, this.frames, this.faults);
	readonly table: GuestGrantTable;
	readonly refusals: string[] = [];

	constructor(limits: GrantLimits = defaultGrantLimits) {
		this.grants.onRefusal = (domid, text) => this.refusals.push(`d${domid} ${text}`);
		for (const domid of [backend, guest, stranger]) {
			this.frames.addDomain(domid);
			this.grants.create(domid, `domain ${domid}`, limits);
		}

		this.table = new GuestGrantTable((index) => {
			const frame = index === 0 ? this.grants.grantFrames(guest)[0] : this.grants.grow(guest);
			return frame < 0 ? null : this.memory.words(frame);
		});
	}

	/** flags, domid and frame of an entry, read from the bytes in memory. */
	entry(reference: number): {flags: number; domid: number; frame: number} {
		const bytes = this.memory.bytes(this.grants.grantFrames(guest)[Math.floor(reference / 512)]);
		const at = (reference % 512) * 8;
		return {flags: bytes.readUInt16LE(at), domid: bytes.readUInt16LE(at + 2), frame: bytes.readUInt32LE(at + 4)};
	}
}

describe('grant table', () => {
	let machine: Machine;
	let page: number;
	beforeEach(() => {
		machine = new Machine();
		page = machine.frames.allocate(guest);
	});

	it('writes version 1 entries to the byte: flags, domid, frame', () => {
		const reference = machine.table.grant(backend, page, true);
		expect(reference).toBe(8);
		expect(machine.entry(reference)).toEqual({flags: 1 | 4, domid: backend, frame: page});
	});

	it('maps a grant to a handle that stands for the granter’s frame, and shows it in the entry', () => {
		const reference = machine.table.grant(backend, page, false);
		const handle = machine.grants.map(backend, guest, reference, GNTMAP_host_map);
		expect(handle).toBeGreaterThanOrEqual(0);
		expect(machine.grants.mappedFrame(backend, handle)).toBe(page);
		expect(machine.entry(reference).flags).toBe(1 | reading | writing);
		expect(machine.grants.unmap(backend, handle)).toBe(GNTST_okay);
		expect(machine.entry(reference).flags).toBe(1);
	});

	it('sets only the reading bit for a readonly mapping, and drops the writing bit with the last writer', () => {
		const reference = machine.table.grant(backend, page, false);
		const reader = machine.grants.map(backend, guest, reference, GNTMAP_host_map | GNTMAP_readonly);
		expect(machine.entry(reference).flags).toBe(1 | reading);
		const writer = machine.grants.map(backend, guest, reference, GNTMAP_host_map | GNTMAP_device_map);
		expect(machine.entry(reference).flags).toBe(1 | reading | writing);
		machine.grants.unmap(backend, writer);
		expect(machine.entry(reference).flags).toBe(1 | reading);
		machine.grants.unmap(backend, reader);
		expect(machine.entry(reference).flags).toBe(1);
	});

	it('does not let the granter take back a page that is mapped', () => {
		const reference = machine.table.grant(backend, page, false);
		const handle = machine.grants.map(backend, guest, reference, GNTMAP_host_map);
		expect(machine.table.end(reference)).toBe(false);
		machine.grants.unmap(backend, handle);
		expect(machine.table.end(reference)).toBe(true);
		expect(machine.entry(reference).flags).toBe(0);
	});

	it('keeps what is still in use on a deferral list until it comes free', () => {
		const reference = machine.table.grant(backend, page, false);
		const handle = machine.grants.map(backend, guest, reference, GNTMAP_host_map);
		expect(machine.table.endOrDefer(reference)).toBe(false);
		const freed: number[] = [];
		machine.table.retryDeferred((_reference, frame) => freed.push(frame));
		expect([machine.table.deferred, freed]).toEqual([1, []]);
		machine.grants.unmap(backend, handle);
		machine.table.retryDeferred((_reference, frame) => freed.push(frame));
		expect([machine.table.deferred, freed]).toEqual([0, [page]]);
	});

	it('tells the IOMMU of mappings for device use only, with their permission', () => {
		const calls: unknown[] = [];
		machine.grants.onDeviceMap = (mapper, frame, writable) => calls.push(['map', mapper, frame, writable]);
		machine.grants.onDeviceUnmap = (mapper, frame, writable) => calls.push(['unmap', mapper, frame, writable]);
		const reference = machine.table.grant(backend, page, false);
		const host = machine.grants.map(backend, guest, reference, GNTMAP_host_map);
		const device = machine.grants.map(backend, guest, reference, GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly);
		machine.grants.unmap(backend, host);
		machine.grants.unmap(backend, device);
		expect(calls).toEqual([
			['map', backend, page, false],
			['unmap', backend, page, false],
		]);
	});

	describe('refusals', () => {
		const refusals: readonly (readonly [
			string,
			number,
			(machine: Machine, reference: number, page: number) => number,
		])[] = [
			['a map for neither host nor device', GNTST_bad_gntref, (m, r) => m.grants.map(backend, guest, r, 0)],
			['an unknown domain', GNTST_bad_domain, (m, r) => m.grants.map(backend, 77, r, GNTMAP_host_map)],
			['a reference beyond the table', GNTST_bad_gntref, (m) => m.grants.map(backend, guest, 512, GNTMAP_host_map)],
			['an entry that grants nothing', GNTST_general_error, (m) => m.grants.map(backend, guest, 100, GNTMAP_host_map)],
			[
				'a domain the entry does not name',
				GNTST_general_error,
				(m, r) => m.grants.map(stranger, guest, r, GNTMAP_host_map),
			],
			[
				'a writable map of a readonly grant',
				GNTST_general_error,
				(m, _r, p) => m.grants.map(backend, guest, m.table.grant(backend, p, true), GNTMAP_host_map),
			],
			[
				'a frame the granter does not own',
				GNTST_bad_page,
				(m) =>
					m.grants.map(backend, guest, m.table.grant(backend, m.frames.allocate(stranger), false), GNTMAP_host_map),
			],
			[
				'a frame that does not exist',
				GNTST_bad_page,
				(m) => m.grants.map(backend, guest, m.table.grant(backend, 1 << 30, false), GNTMAP_host_map),
			],
			['an unmap of a handle never given', GNTST_bad_handle, (m) => m.grants.unmap(backend, 3)],
			[
				'the second unmap of a handle',
				GNTST_bad_handle,
				(m, r) => {
					const handle = m.grants.map(backend, guest, r, GNTMAP_host_map);
					m.grants.unmap(backend, handle);
					return m.grants.unmap(backend, handle);
				},
			],
			[
				'a copy across the end of a page',
				GNTST_bad_copy_arg,
				(m, r) => m.grants.copy(backend, guest, r, 4000, m.frames.allocate(backend), 0, 200, false),
			],
			[
				'a copy from a frame that is not the caller’s',
				GNTST_bad_page,
				(m, r, p) => m.grants.copy(backend, guest, r, 0, p, 0, 16, false),
			],
			[
				'a map that a fault refuses',
				GNTST_general_error,
				(m, r) => {
					const point = m.faults.get('grant.map domain 1#1');
					if (point) point.armed = {decide: () => drop, value: 0};
					return m.grants.map(backend, guest, r, GNTMAP_host_map);
				},
			],
		];
		it.each(refusals)('%s is answered with its status (%i) and changes nothing', (_what, status, attempt) => {
			const reference = machine.table.grant(backend, page, false);
			expect(attempt(machine, reference, page)).toBe(status);
			expect(machine.refusals).toHaveLength(1);
			expect(machine.entry(reference).flags).toBe(1);
			expect(machine.frames.references(page)).toBe(0);
		});

		it('uses the public header’s words', () => {
			expect(grantStatusMessage(GNTST_bad_handle)).toBe('invalid mapping handle');
			expect(grantStatusMessage(5)).toBe('okay');
		});
	});

	it('copies bytes into and out of a granted page without mapping it', () => {
		const own = machine.frames.allocate(backend);
		machine.memory.bytes(page).write('from the guest', 100);
		const reference = machine.table.grant(backend, page, false);
		expect(machine.grants.copy(backend, guest, reference, 100, own, 0, 14, false)).toBe(GNTST_okay);
		expect(machine.memory.bytes(own).toString('latin1', 0, 14)).toBe('from the guest');
		machine.memory.bytes(own).write('back');
		expect(machine.grants.copy(backend, guest, reference, 200, own, 0, 4, true)).toBe(GNTST_okay);
		expect(machine.memory.bytes(page).toString('latin1', 200, 204)).toBe('back');
		expect(machine.entry(reference).flags).toBe(1);
	});

	it('copies out of a frame that the caller has mapped, and into it only where it may write', () => {
		const source = machine.table.grant(backend, page, true);
		const target = machine.frames.allocate(guest);
		const reference = machine.table.grant(backend, target, false);
		machine.memory.bytes(page).write('from one guest to another');
		expect(machine.grants.copy(backend, guest, reference, 0, page, 0, 25, true)).toBe(GNTST_bad_page);
		const handle = machine.grants.map(backend, guest, source, GNTMAP_host_map | GNTMAP_readonly);
		expect(machine.grants.copy(backend, guest, reference, 8, page, 5, 20, true)).toBe(GNTST_okay);
		expect(machine.memory.bytes(target).toString('latin1', 8, 28)).toBe('one guest to another');
		expect(machine.grants.copy(backend, guest, reference, 8, page, 5, 20, false)).toBe(GNTST_bad_page);
		machine.grants.unmap(backend, handle);
		expect(machine.grants.copy(backend, guest, reference, 8, page, 5, 20, true)).toBe(GNTST_bad_page);
	});

	it('grows by a frame of 512 entries up to the limit, then has no free reference', () => {
		machine = new Machine({grantFrames: 2, maptrackFrames: 1});
		const frame = machine.frames.allocate(guest);
		let granted = 0;
		while (machine.table.grant(backend, frame, false) >= 0) granted++;
		expect(granted).toBe(2 * 512 - 8);
		expect(machine.grants.counters(guest).frames).toBe(2);
	});

	it('answers no_space when the mapper’s maptrack is full', () => {
		machine = new Machine({grantFrames: 2, maptrackFrames: 1});
		const frame = machine.frames.allocate(guest);
		for (let i = 0; i < 256; i++) {
			const reference = machine.table.grant(backend, frame, true);
			expect(machine.grants.map(backend, guest, reference, GNTMAP_host_map | GNTMAP_readonly)).toBeGreaterThanOrEqual(
				0,
			);
		}

		const reference = machine.table.grant(backend, frame, false);
		expect(machine.grants.map(backend, guest, reference, GNTMAP_host_map)).toBe(GNTST_no_space);
	});

	it('keeps the frames of a dead domain while they are mapped: a zombie, until the unmap', () => {
		const reference = machine.table.grant(backend, page, false);
		const handle = machine.grants.map(backend, guest, reference, GNTMAP_host_map);
		machine.grants.releaseMappings(guest);
		expect(machine.frames.freeAll(guest)).toBe(1);
		expect(machine.grants.isMappedByOthers(guest)).toBe(true);
		expect(machine.grants.unmap(backend, handle)).toBe(GNTST_okay);
		expect(machine.grants.isMappedByOthers(guest)).toBe(false);
		expect(machine.frames.ownerOf(page)).toBe(nobody);
	});

	it('releases every mapping of a dying mapper', () => {
		const reference = machine.table.grant(backend, page, false);
		for (let i = 0; i < 5; i++) machine.grants.map(backend, guest, reference, GNTMAP_host_map);
		expect(machine.grants.releaseMappings(backend)).toBe(5);
		expect(machine.table.end(reference)).toBe(true);
		machine.grants.destroy(backend);
	});

	it('never lets a mapped frame be reused and keeps the entry’s bits right, whatever is mapped, unmapped, ended and freed', () => {
		const operation = fc.tuple(
			fc.constantFrom('grant', 'map', 'unmap', 'end', 'free'),
			fc.nat(50),
			fc.boolean(),
			fc.boolean(),
		);
		fc.assert(
			fc.property(fc.array(operation, {maxLength: 150}), (operations) => {
				const machine = new Machine();
				const {grants, frames, table} = machine;
				const granted: {reference: number; frame: number; readonly: boolean}[] = [];
				const mapped: {handle: number; reference: number; frame: number; writable: boolean; device: boolean}[] = [];
				const given = new Set<number>();
				for (const [what, number, flag, device] of operations) {
					if (what === 'grant') {
						const frame = frames.allocate(guest);
						expect(mapped.some((mapping) => mapping.frame === frame)).toBe(false);
						granted.push({reference: table.grant(backend, frame, flag), frame, readonly: flag});
					} else if (what === 'map' && granted.length > 0) {
						const grant = granted[number % granted.length];
						const flags = GNTMAP_host_map | (flag ? GNTMAP_readonly : 0) | (device ? GNTMAP_device_map : 0);
						const handle = grants.map(backend, guest, grant.reference, flags);
						if (!flag && grant.readonly) expect(handle).toBe(GNTST_general_error);
						else {
							expect(handle).toBeGreaterThanOrEqual(0);
							mapped.push({handle, reference: grant.reference, frame: grant.frame, writable: !flag, device});
						}
					} else if (what === 'unmap' && mapped.length > 0) {
						const [mapping] = mapped.splice(number % mapped.length, 1);
						expect(grants.unmap(backend, mapping.handle)).toBe(GNTST_okay);
						expect(grants.unmap(backend, mapping.handle)).toBe(GNTST_bad_handle);
						if (given.has(mapping.frame) && !mapped.some((other) => other.frame === mapping.frame)) {
							expect(frames.ownerOf(mapping.frame)).toBe(nobody);
							expect(grants.map(backend, guest, mapping.reference, GNTMAP_host_map)).toBeLessThan(0);
							given.delete(mapping.frame);
							granted.splice(
								granted.findIndex((grant) => grant.reference === mapping.reference),
								1,
							);
							expect(table.end(mapping.reference)).toBe(true);
						}
					} else if (what === 'end' && granted.length > 0) {
						const at = number % granted.length;
						const {reference, frame} = granted[at];
						const busy = mapped.some((mapping) => mapping.reference === reference);
						expect(table.end(reference)).toBe(!busy);
						if (!busy) {
							granted.splice(at, 1);
							frames.free(frame);
						}
					} else if (what === 'free' && granted.length > 0) {
						const {frame} = granted[number % granted.length];
						// A guest that frees a page it still grants: the frame waits for the last mapping only.
						if (!given.has(frame) && mapped.some((mapping) => mapping.frame === frame)) {
							frames.free(frame);
							given.add(frame);
						}
					}

					for (const {reference} of granted) {
						const mappings = mapped.filter((mapping) => mapping.reference === reference);
						const expected =
							(mappings.length > 0 ? reading : 0) | (mappings.some((mapping) => mapping.writable) ? writing : 0);
						expect(machine.entry(reference).flags & (reading | writing)).toBe(expected);
					}

					for (const {frame} of mapped) expect(frames.ownerOf(frame)).toBe(guest);
				}
			}),
			{numRuns: 100},
		);
	});
});
