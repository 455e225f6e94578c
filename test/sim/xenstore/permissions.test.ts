/** Who may do what to a node: docs/misc/xenstore.txt, Permissions, and the errors of tools/xenstored/core.c. */
import {describe, expect, it} from 'vitest';
import {storeAlone} from './store-clients.js';

describe('permissions', () => {
	const rows: [permissions: string, domid: number, read: string, write: string, chmod: string][] = [
		['n0', 0, 'value', 'OK', 'OK'],
		['n0', 1, 'EACCES', 'EACCES', 'EACCES'],
		['r0', 1, 'value', 'EACCES', 'EACCES'],
		['w0', 1, 'EACCES', 'OK', 'EACCES'],
		['b0', 1, 'value', 'OK', 'EACCES'],
		['n1', 1, 'value', 'OK', 'OK'],
		['n1', 2, 'EACCES', 'EACCES', 'EACCES'],
		['n1,r2', 2, 'value', 'EACCES', 'EACCES'],
		['n1,w2', 2, 'EACCES', 'OK', 'EACCES'],
		['n1,b2', 2, 'value', 'OK', 'EACCES'],
		['b1,n2', 2, 'EACCES', 'EACCES', 'EACCES'],
		['b1,n2', 3, 'value', 'OK', 'EACCES'],
		['n0,r1,w2', 1, 'value', 'EACCES', 'EACCES'],
		['n0,r1,w2', 3, 'EACCES', 'EACCES', 'EACCES'],
	];
	it.each(rows)(
		'%s for domain %i: read %s, write %s, change permissions %s',
		(permissions, domid, read, write, chmod) => {
			const {dom0, client} = storeAlone();
			const who = domid === 0 ? dom0 : client(domid);
			dom0.write('/node', 'value');
			const list = permissions.split(',');
			dom0.ask('setPermissions', ['/node', ...list]);
			expect(dom0.ask('getPermissions', ['/node'])).toBe(permissions);
			expect(who.ask('read', ['/node'])).toBe(read);
			expect(who.ask('setPermissions', ['/node', ...list])).toBe(chmod);
			expect(who.write('/node', 'new')).toBe(write);
		},
	);

	it('are inherited from the parent; a guest owns what it creates', () => {
		const {dom0, client} = storeAlone();
		const guest = client(1);
		dom0.ask('makeDirectory', ['/a']);
		dom0.ask('setPermissions', ['/a', 'n0', 'b1', 'r2']);
		dom0.write('/a/zero/below', '');
		expect(guest.write('/a/one/below', '')).toBe('OK');
		expect(dom0.ask('getPermissions', ['/a/zero/below'])).toBe('n0,b1,r2');
		expect(dom0.ask('getPermissions', ['/a/one'])).toBe('n1,b1,r2');
		expect(dom0.ask('getPermissions', ['/a/one/below'])).toBe('n1,b1,r2');
	});

	it('let an owner change everything but the owner', () => {
		const {dom0, client} = storeAlone();
		dom0.write('/a', '');
		dom0.ask('setPermissions', ['/a', 'n1']);
		const guest = client(1);
		expect(guest.ask('setPermissions', ['/a', 'r1', 'b2'])).toBe('OK');
		expect(guest.ask('setPermissions', ['/a', 'n2', 'b1'])).toBe('EPERM');
		expect(dom0.ask('setPermissions', ['/a', 'n2', 'b1'])).toBe('OK');
	});

	it('hide whether a node is there from those who may not see its parent', () => {
		const {dom0, client} = storeAlone();
		dom0.write('/hidden/a', '');
		dom0.write('/open/a', '');
		dom0.ask('setPermissions', ['/open', 'r0']);
		const guest = client(1);
		expect(guest.ask('read', ['/hidden/a'])).toBe('EACCES');
		expect(guest.ask('read', ['/hidden/b'])).toBe('EACCES');
		expect(guest.ask('read', ['/open/a'])).toBe('EACCES');
		expect(guest.ask('read', ['/open/b'])).toBe('ENOENT');
		expect(guest.ask('read', ['/open/b/c'])).toBe('ENOENT');
		expect(guest.write('/open/b', '')).toBe('EACCES');
	});

	it('are letters and domain numbers', () => {
		const {dom0} = storeAlone();
		dom0.write('/a', '');
		for (const bad of ['x0', 'r', 'r-1', '0', 'rw0', '']) {
			expect(dom0.ask('setPermissions', ['/a', bad])).toBe('EINVAL');
		}

		expect(dom0.ask('setPermissions', ['/a'])).toBe('EINVAL');
	});

	it('keep to domain zero what only it may ask', () => {
		const {client} = storeAlone();
		const guest = client(1);
		expect(guest.ask('introduce', ['2', '1', '1'])).toBe('EACCES');
		expect(guest.ask('release', ['2'])).toBe('EACCES');
		expect(guest.ask('resume', ['1'])).toBe('EACCES');
		expect(guest.ask('isDomainIntroduced', ['1'])).toBe('EACCES');
		expect(guest.ask('getDomainPath', ['2'])).toBe('/local/domain/2');
	});
});
