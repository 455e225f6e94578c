/** Nodes, paths, watches and quotas of the store, request by request. */
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {treeText} from '../../../source/sim/xenstore/listing.js';
import {messageType, payloadOf, stringsOf} from '../../../source/sim/xenstore/wire.js';
import {storeAlone} from './store-clients.js';

describe('nodes', () => {
	it("begin as xenstored's own", () => {
		const {store} = storeAlone();
		expect(treeText(store.tree)).toBe('tool = ""\n xenstored = ""\n');
		expect(store.nodes).toBe(5);
	});

	it('come into being with every directory above them, children in the order they came', () => {
		const {dom0, store} = storeAlone();
		dom0.write('/local/domain/1/name', 'web');
		dom0.ask('makeDirectory', ['/local/domain/0']);
		expect(dom0.ask('directory', ['/local/domain'])).toBe('1,0');
		expect(dom0.ask('directory', ['/'])).toBe('tool,local');
		expect(dom0.ask('read', ['/local/domain'])).toBe('');
		expect(treeText(store.tree, '/local')).toBe('domain = ""\n 1 = ""\n  name = "web"\n 0 = ""\n');
	});

	it('hold bytes, with or without a NUL', () => {
		const {dom0, store} = storeAlone();
		dom0.write('/a', 'x\0y\xff\n');
		expect(dom0.ask('read', ['/a'])).toBe('x\0y\xff\n');
		expect(treeText(store.tree, '/')).toContain('a = "x\\000y\\xff\\n"');
	});

	it('are removed with everything below them', () => {
		const {dom0, store} = storeAlone();
		const nodes = store.nodes;
		dom0.write('/a/b/c', '');
		dom0.write('/a/d', '');
		expect(dom0.ask('remove', ['/a'])).toBe('OK');
		expect(store.nodes).toBe(nodes);
		expect(dom0.ask('read', ['/a/b/c'])).toBe('ENOENT');
		expect(dom0.ask('directory', ['/'])).toBe('tool');
	});

	it('answer as the protocol says when there is nothing to do', () => {
		const {dom0} = storeAlone();
		dom0.write('/a', '1');
		expect(dom0.ask('makeDirectory', ['/a'])).toBe('OK');
		expect(dom0.ask('read', ['/a'])).toBe('1');
		expect(dom0.ask('remove', ['/b'])).toBe('OK');
		expect(dom0.ask('remove', ['/b/c'])).toBe('ENOENT');
		expect(dom0.ask('remove', ['/'])).toBe('EINVAL');
		expect(dom0.ask('control', ['check'])).toBe('ENOSYS');
		expect(dom0.ask('watchEvent', ['x'])).toBe('ENOSYS');
	});

	it.each([
		['', 'EINVAL'],
		['/a/', 'EINVAL'],
		['//a', 'EINVAL'],
		['/a b', 'EINVAL'],
		['/a.b', 'EINVAL'],
		['@releaseDomain', 'EINVAL'],
		[`/${'a'.repeat(3072)}`, 'EINVAL'],
		['a'.repeat(2049), 'EINVAL'],
		['/A-Z_0@9', 'OK'],
		['relative', 'OK'],
	])('take the path %j: %s', (path, answer) => {
		const {dom0} = storeAlone();
		expect(dom0.write(path, 'x')).toBe(answer);
	});

	it("resolve relative paths below the caller's home", () => {
		const {dom0, client} = storeAlone();
		dom0.ask('makeDirectory', ['/local/domain/3']);
		dom0.ask('setPermissions', ['/local/domain/3', 'n3']);
		expect(client(3).write('device/x', '1')).toBe('OK');
		expect(dom0.ask('read', ['/local/domain/3/device/x'])).toBe('1');
		expect(dom0.ask('read', ['../x'])).toBe('EINVAL');
	});

	it('give a long directory in parts that hold together', () => {
		const {dom0} = storeAlone();
		const names: string[] = [];
		for (let i = 0; i < 900; i++) {
			names.push(`name-${i}`);
			dom0.write(`/many/name-${i}`, '');
		}

		expect(dom0.ask('directory', ['/many'])).toBe('E2BIG');
		const found: string[] = [];
		let offset = 0;
		for (let part = 0; part < 10; part++) {
			const [, ...rest] = dom0.ask('directoryPart', ['/many', `${offset}`]).split(',');
			const last = rest[rest.length - 1] === '';
			const whole = last ? rest.slice(0, -1) : rest;
			found.push(...whole);
			offset += payloadOf(whole).length;
			if (last) break;
		}

		expect(found).toEqual(names);
		expect(dom0.ask('directoryPart', ['/many', '999999'])).toMatch(/^\d+,$/);
	});
});

describe('watches', () => {
	it('fire once at registration, then for the node and everything below it', () => {
		const {dom0} = storeAlone();
		dom0.ask('watch', ['/a', 'T']);
		expect(dom0.events).toEqual(['/a T']);
		dom0.events.length = 0;
		dom0.write('/a/b/c', '1');
		dom0.write('/a', '1');
		dom0.ask('makeDirectory', ['/a/d']);
		dom0.ask('makeDirectory', ['/a/d']);
		dom0.ask('setPermissions', ['/a/d', 'n0']);
		dom0.write('/ab', '1');
		dom0.write('/', '1');
		dom0.ask('remove', ['/a/b']);
		expect(dom0.events).toEqual(['/a/b/c T', '/a T', '/a/d T', '/a/d T', '/a/b T']);
	});

	it('fire with the watched path when a directory above is removed', () => {
		const {dom0} = storeAlone();
		dom0.write('/a/b/c', '1');
		dom0.ask('watch', ['/a/b/c', 'deep']);
		dom0.ask('watch', ['/a/b/c/d', 'missing']);
		dom0.ask('watch', ['/', 'all']);
		dom0.events.length = 0;
		dom0.ask('remove', ['/a']);
		expect(dom0.events).toEqual(['/a/b/c deep', '/a all']);
	});

	it('fire in the order in which connections and watches came', () => {
		const {dom0, client} = storeAlone();
		const second = client(0);
		dom0.ask('watch', ['/x', 'one']);
		second.ask('watch', ['/x', 'three']);
		dom0.ask('watch', ['/', 'two']);
		dom0.events.length = 0;
		dom0.write('/x', '');
		expect(dom0.events).toEqual(['/x one', '/x two']);
	});

	it('answer a relative watch with relative paths', () => {
		const {dom0, client} = storeAlone();
		dom0.write('/local/domain/1/device', '');
		dom0.ask('setPermissions', ['/local/domain/1/device', 'n1']);
		const guest = client(1);
		guest.ask('watch', ['device', 'T']);
		guest.write('device/vbd', '');
		guest.receive();
		expect(guest.events).toEqual(['device T', 'device/vbd T']);
	});

	it('tell nobody who may read neither the node nor its parent', () => {
		const {dom0, client} = storeAlone();
		const guest = client(1);
		dom0.write('/secret/a', '1');
		guest.ask('watch', ['/', 'T']);
		guest.events.length = 0;
		dom0.write('/secret/a', '2');
		guest.receive();
		expect(guest.events).toEqual([]);
		dom0.ask('setPermissions', ['/secret', 'n0', 'r1']);
		guest.receive();
		dom0.write('/secret/a', '3');
		guest.receive();
		dom0.ask('setPermissions', ['/secret', 'n0']);
		guest.receive();
		dom0.write('/secret/a', '4');
		guest.receive();
		expect(guest.events).toEqual(['/secret T', '/secret/a T', '/secret T']);
	});

	it('do not queue the same event twice', () => {
		const {dom0, client} = storeAlone();
		const other = client(0);
		other.ask('watch', ['/a', 'T']);
		other.events.length = 0;
		for (let i = 0; i < 5; i++) {
			dom0.write('/a', `${i}`);
		}

		other.receive();
		expect(other.events).toEqual(['/a T']);
	});

	it('refuse what is there twice, and what is not there', () => {
		const {dom0} = storeAlone();
		expect(dom0.ask('watch', ['/a', 'T'])).toBe('OK');
		expect(dom0.ask('watch', ['/a', 'T'])).toBe('EEXIST');
		expect(dom0.ask('watch', ['/a', 'U'])).toBe('OK');
		expect(dom0.ask('watch', ['/a'])).toBe('EINVAL');
		expect(dom0.ask('unwatch', ['/a', 'V'])).toBe('ENOENT');
		expect(dom0.ask('unwatch', ['/a', 'T'])).toBe('OK');
		expect(dom0.ask('resetWatches', [''])).toBe('OK');
		expect(dom0.connection.watches.count).toBe(0);
	});
});

describe('quotas', () => {
	const home = () => {
		const {store, dom0, client} = storeAlone();
		dom0.ask('makeDirectory', ['/local/domain/1']);
		dom0.ask('setPermissions', ['/local/domain/1', 'n1']);
		return {store, dom0, guest: client(1)};
	};

	it("end a guest's nodes at 1000, in transactions too, and free them again", () => {
		const {store, dom0, guest} = home();
		for (let i = 0; i < 9; i++) {
			for (let j = 0; j < 110; j++) guest.write(`d${i}/n${j}`, '');
		}

		// 1 home, 9 directories, 990 nodes.
		expect(store.tree.ownedBy(1)).toBe(1000);
		expect(guest.write('more', '')).toBe('ENOSPC');
		expect(guest.write('d0/n0', 'changed')).toBe('OK');
		const id = Number(guest.ask('transactionStart', ['']));
		expect(guest.write('more', '', id)).toBe('ENOSPC');
		expect(guest.ask('transactionEnd', ['T'], id)).toBe('OK');
		expect(dom0.write('/local/domain/1/more', '')).toBe('OK');
		guest.ask('remove', ['d0']);
		expect(guest.write('fine', '')).toBe('OK');
	});

	it('do not let two transactions do together what one may not', () => {
		const {store, guest} = home();
		guest.ask('makeDirectory', ['a']);
		guest.ask('makeDirectory', ['b']);
		for (let i = 0; i < 9; i++) {
			for (let j = 0; j < 109; j++) guest.write(`d${i}/n${j}`, '');
		}

		for (let j = 0; store.tree.ownedBy(1) < 999; j++) guest.write(`e/${j}`, '');
		const first = Number(guest.ask('transactionStart', ['']));
		const second = Number(guest.ask('transactionStart', ['']));
		expect(guest.write('a/x', '', first)).toBe('OK');
		expect(guest.write('b/x', '', second)).toBe('OK');
		expect(guest.ask('transactionEnd', ['T'], first)).toBe('OK');
		expect(guest.ask('transactionEnd', ['T'], second)).toBe('ENOSPC');
		expect(store.tree.ownedBy(1)).toBe(1000);
	});

	it('end the size of a node below 2048 bytes, value, permissions and names of children together', () => {
		const {dom0, guest} = home();
		expect(guest.write('a', 'x'.repeat(2048 - 24 - 8 - 1))).toBe('OK');
		expect(guest.write('a', 'x'.repeat(2048 - 24 - 8))).toBe('ENOSPC');
		expect(guest.write('b', 'x'.repeat(2048))).toBe('ENOSPC');
		expect(dom0.write('/b', 'x'.repeat(4000))).toBe('OK');
	});

	it('end watches, transactions and permission entries', () => {
		const {dom0, guest} = home();
		const watched: string[] = [];
		for (let i = 0; i < 131; i++) watched.push(guest.ask('watch', ['/a', `${i}`]));
		expect(watched.indexOf('E2BIG')).toBe(129);
		const started: string[] = [];
		for (let i = 0; i < 13; i++) started.push(guest.ask('transactionStart', ['']));
		expect(started.indexOf('ENOSPC')).toBe(11);
		guest.write('a', '');
		const permissions = ['n1', 'r2', 'r3', 'r4', 'r5', 'r6'];
		expect(guest.ask('setPermissions', ['a', ...permissions])).toBe('ENOSPC');
		expect(guest.ask('setPermissions', ['a', ...permissions.slice(0, 5)])).toBe('OK');
		expect(dom0.ask('setPermissions', ['/local/domain/1/a', ...permissions])).toBe('OK');
	});
});

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

it('strings end with NUL, what follows the last is none', () => {
	expect(stringsOf(Buffer.from('a\0b\0c'))).toEqual(['a', 'b']);
	expect(stringsOf(payloadOf([]))).toEqual([]);
	expect(messageType.directoryPart).toBe(22);
});
