/** Who hears of which change, and how often. */
import {describe, expect, it} from 'vitest';
import {storeAlone} from './store-clients.js';

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
