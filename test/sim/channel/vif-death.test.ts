/** A guest that dies in the middle of its traffic: its backend finishes, lets go of everything, and nobody else notices. */
import {describe, expect, it} from 'vitest';
import {inKernel} from '../../support/disk-channel.js';
import {netChannel, packetOf, pattern, pieces} from '../../support/net-channel.js';

describe('a guest that dies', () => {
	it.each([0, 3_000, 8_000, 15_000, 40_000, 200_000])(
		'%i ns after it sent leaves nothing mapped, queued or owed',
		(after) => {
			const vif = netChannel();
			vif.connect();
			const {guest, domainZero, back, atBack, xen, store, frontPath, run, toGuest, fromGuest, backPath, read} = vif;
			atBack.hold = true;
			fromGuest(...Array.from({length: 30}, (_, i) => packetOf(guest, pieces(pattern(1000 + i), 400))));
			const owed = Array.from({length: 60}, () => packetOf(domainZero, pieces(pattern(1500))));
			toGuest(...owed);
			run(after);
			guest.die();
			xen.cpus.stop(guest.domain);
			const more = Array.from({length: 300}, () => packetOf(domainZero, pieces(pattern(1500))));
			toGuest(...more);
			run(5_000_000);
			// xl removes what is left of the guest.
			inKernel(domainZero, () => store.remove(frontPath));
			run(50_000_000);
			atBack.hold = false;
			atBack.letGo();
			run(50_000_000);
			expect(read(`${backPath}/state`)).toBe('6');
			expect([back.carrier, back.port, back.fromGuest.pending.inUse, back.toGuest.queue.length]).toEqual([
				false,
				-1,
				0,
				0,
			]);
			expect([xen.grants.counters(0).mappings, xen.grants.counters(guest.domid).active]).toEqual([0, 0]);
			for (const each of [...owed, ...more])
				expect(each.status, String(each.taken)).not.toBe(each.taken ? undefined : 0);
			expect(domainZero.alive).toBe(true);
		},
	);
});
