/**
Which frames are for this station: exact addresses, the multicast hash table, broadcast, promiscuity. After SDM §3.2.1 and §13.5. PIF is
set for what only the hash table or promiscuity let pass. Address select (RAH.AS) other than destination matches nothing here.
*/
import {
	multicastTable,
	rctlBroadcast,
	rctlMulticastOffset,
	rctlMulticastPromiscuous,
	rctlUnicastPromiscuous,
	receiveAddresses,
} from './e1000-registers.js';

export const filterRejected = 0;
export const filterExact = 1;
export const filterInexact = 2;
export type FilterVerdict = typeof filterRejected | typeof filterExact | typeof filterInexact;

const addressCount = 16;
const addressValid = 1 << 31;
const addressSelect = 3 << 16;
/** Where in the address the twelve bits of the hash begin, by RCTL.MO: bits 47:36, 46:35, 45:34, 43:32. */
const hashShift = [4, 3, 2, 0];

/** 0 for one station, 1 for a multicast address, 2 for the broadcast address. */
export function groupOf(bytes: Buffer): 0 | 1 | 2 {
	if ((bytes[0] & 1) === 0) {
		return 0;
	}

	return (bytes[0] & bytes[1] & bytes[2] & bytes[3] & bytes[4] & bytes[5]) === 0xff ? 2 : 1;
}

/** @param words the registers, by offset / 4. @param bytes a frame, of at least six bytes. */
export function filterFrame(words: Int32Array, rctl: number, bytes: Buffer, group: 0 | 1 | 2): FilterVerdict {
	const low = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
	const high = bytes[4] | (bytes[5] << 8);
	const first = receiveAddresses >> 2;
	for (let at = first; at < first + 2 * addressCount; at += 2) {
		const entry = words[at + 1];
		if ((entry & addressValid) !== 0 && words[at] === low && (entry & (addressSelect | 0xffff)) === high) {
			return filterExact;
		}
	}

	if (group === 0) {
		return (rctl & rctlUnicastPromiscuous) !== 0 ? filterInexact : filterRejected;
	}

	if (group === 2 && (rctl & rctlBroadcast) !== 0) {
		return filterExact;
	}

	const hash = (high >>> hashShift[rctlMulticastOffset(rctl)]) & 0xfff;
	const hit = ((words[(multicastTable >> 2) + (hash >>> 5)] >>> (hash & 31)) & 1) !== 0;
	return hit || (rctl & rctlMulticastPromiscuous) !== 0 ? filterInexact : filterRejected;
}
