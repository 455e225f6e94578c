/** What one guest may take of the store, with the errors of tools/xenstored. */
import {describe, expect, it} from 'vitest';
import {storeAlone} from './store-clients.js';

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
