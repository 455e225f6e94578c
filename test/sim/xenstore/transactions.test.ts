/** Transactions happen wholly or not at all, and in some order one after the other. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {treeText} from '../../../source/sim/xenstore/listing.js';
import {storeAlone} from './store-clients.js';

describe('transactions', () => {
	it('are numbered by connection, and only their own number is known', () => {
		const {dom0, client} = storeAlone();
		expect(dom0.ask('transactionStart', [''])).toBe('1');
		expect(dom0.ask('transactionStart', [''])).toBe('2');
		expect(client(0).ask('transactionStart', [''])).toBe('1');
		expect(dom0.ask('transactionStart', [''], 1)).toBe('EBUSY');
		expect(dom0.ask('read', ['/'], 9)).toBe('ENOENT');
		expect(dom0.ask('transactionEnd', ['X'], 1)).toBe('EINVAL');
		expect(dom0.ask('transactionEnd', ['T'], 1)).toBe('OK');
		expect(dom0.ask('transactionEnd', ['T'], 1)).toBe('ENOENT');
	});

	it('are seen by nobody before they commit, and fire watches after', () => {
		const {dom0, client} = storeAlone();
		const other = client(0);
		other.ask('watch', ['/a', 'T']);
		other.events.length = 0;
		const id = Number(dom0.ask('transactionStart', ['']));
		dom0.write('/a/b', '1', id);
		dom0.write('/a/b', '2', id);
		dom0.write('/a/c', '3', id);
		other.receive();
		expect(other.events).toEqual([]);
		expect(other.ask('read', ['/a/b'])).toBe('ENOENT');
		expect(dom0.ask('read', ['/a/b'], id)).toBe('2');
		expect(dom0.ask('transactionEnd', ['T'], id)).toBe('OK');
		other.receive();
		expect(other.events).toEqual(['/a/b T', '/a/c T']);
		expect(other.ask('read', ['/a/b'])).toBe('2');
	});

	it('leave nothing behind when they are given up or fail', () => {
		const {dom0, store} = storeAlone();
		dom0.ask('watch', ['/', 'T']);
		dom0.events.length = 0;
		const before = treeText(store.tree);
		const first = Number(dom0.ask('transactionStart', ['']));
		dom0.write('/a', '1', first);
		expect(dom0.ask('transactionEnd', ['F'], first)).toBe('OK');
		const second = Number(dom0.ask('transactionStart', ['']));
		dom0.ask('read', ['/tool'], second);
		dom0.write('/b', '1', second);
		expect(treeText(store.tree)).toBe(before);
		dom0.write('/tool', 'changed');
		expect(dom0.ask('transactionEnd', ['T'], second)).toBe('EAGAIN');
		expect(dom0.ask('read', ['/b'])).toBe('ENOENT');
		expect(dom0.events).toEqual(['/tool T']);
		expect(store.conflicts).toBe(1);
	});

	it('collide when they add different children to one directory', () => {
		const {dom0} = storeAlone();
		const first = Number(dom0.ask('transactionStart', ['']));
		const second = Number(dom0.ask('transactionStart', ['']));
		dom0.write('/tool/a', '', first);
		dom0.write('/tool/b', '', second);
		expect(dom0.ask('transactionEnd', ['T'], second)).toBe('OK');
		expect(dom0.ask('transactionEnd', ['T'], first)).toBe('EAGAIN');
	});

	it('collide with a node that was missing and has come, and with one that went and came back', () => {
		const {dom0} = storeAlone();
		dom0.write('/x', '');
		const first = Number(dom0.ask('transactionStart', ['']));
		expect(dom0.ask('read', ['/new'], first)).toBe('ENOENT');
		const second = Number(dom0.ask('transactionStart', ['']));
		dom0.ask('read', ['/x'], second);
		dom0.write('/new', '');
		dom0.ask('remove', ['/x']);
		dom0.write('/x', '');
		expect(dom0.ask('transactionEnd', ['T'], first)).toBe('EAGAIN');
		expect(dom0.ask('transactionEnd', ['T'], second)).toBe('EAGAIN');
	});

	it('make and remove a node within themselves', () => {
		const {dom0, store} = storeAlone();
		const before = treeText(store.tree);
		const id = Number(dom0.ask('transactionStart', ['']));
		dom0.write('/a/b', '', id);
		expect(dom0.ask('remove', ['/a'], id)).toBe('OK');
		expect(dom0.ask('transactionEnd', ['T'], id)).toBe('OK');
		expect(treeText(store.tree)).toBe(before);
	});

	it('happen one after the other or not at all', () => {
		// Each of three clients runs transactions that read and add over a few nodes; a history that committed must be
		// the same as its transactions one after the other in the order of their commits.
		const paths = ['/t/a', '/t/b', '/t/c/d', '/t/c/e'];
		const action = fc.record({
			client: fc.nat(2),
			kind: fc.constantFrom('start', 'copy', 'remove', 'commit', 'abort', 'outside'),
			from: fc.constantFrom(...paths),
			to: fc.constantFrom(...paths, '/t/c'),
		});
		fc.assert(
			fc.property(fc.array(action, {maxLength: 60}), (actions) => {
				const concurrent = storeAlone();
				const serial = storeAlone();
				type Change = readonly [kind: string, from: string, to: string];
				const open: {client: ReturnType<typeof concurrent.client>; id: number; log: Change[]}[] = [];
				for (let i = 0; i < 3; i++) open.push({client: concurrent.client(0), id: 0, log: []});
				const perform = (client: typeof concurrent.dom0, [kind, from, to]: Change, id: number) => {
					if (kind === 'remove') {
						client.ask('remove', [to], id);
						return;
					}

					const value = client.ask('read', [from], id);
					client.write(to, `${value.slice(-20)}${from.slice(-1)}`, id);
				};
				for (const {client: number, kind, from, to} of actions) {
					const state = open[number];
					if (kind === 'start' && state.id === 0) {
						state.id = Number(state.client.ask('transactionStart', ['']));
						state.log = [];
					} else if ((kind === 'copy' || kind === 'remove') && state.id !== 0) {
						perform(state.client, [kind, from, to], state.id);
						state.log.push([kind, from, to]);
					} else if (kind === 'outside') {
						perform(state.client, ['copy', from, to], 0);
						perform(serial.dom0, ['copy', from, to], 0);
					} else if ((kind === 'commit' || kind === 'abort') && state.id !== 0) {
						const answer = state.client.ask('transactionEnd', [kind === 'commit' ? 'T' : 'F'], state.id);
						expect(kind === 'commit' ? ['OK', 'EAGAIN'] : ['OK']).toContain(answer);
						if (kind === 'commit' && answer === 'OK') {
							for (const change of state.log) perform(serial.dom0, change, 0);
						}

						state.id = 0;
					}
				}

				expect(sorted(treeText(concurrent.store.tree))).toEqual(sorted(treeText(serial.store.tree)));
				expect(concurrent.store.nodes).toBe(serial.store.nodes);
			}),
			{numRuns: 300, seed: 1},
		);
	});
});

/** Children may have come in another order. */
function sorted(listing: string): string[] {
	const stack: string[] = [];
	return listing
		.split('\n')
		.map((line) => {
			const depth = line.length - line.trimStart().length;
			stack.length = depth;
			stack.push(line.trim());
			return stack.join('/');
		})
		.sort();
}
