/** What enters the state hash at each interval beside the events: random states, ring pages, grant tables, event channels, networks, counters. */
import type {Engine} from '../../engine/engine.js';
import type {StateHash} from '../../engine/state-hash.js';
import {tagOf} from '../../engine/tag.js';
import type {Oracle} from '../guest/oracle.js';
import type {Boot} from './boot.js';
import type {HostNetwork} from './network.js';

export function mixState(engine: Engine, boot: Boot, oracle: Oracle): void {
	const {hash} = engine;
	for (const [name, stream] of engine.random) {
		hash.word(tagOf(name));
		for (const word of stream.state) {
			hash.word(word);
		}
	}

	for (const domid of boot.control.domains()) {
		boot.xen.grants.mix(domid, hash);
		boot.xen.events.mix(domid, hash);
	}

	for (const {blkfront, blkback} of boot.channels) {
		const words = blkfront?.ring?.words;
		if (words !== undefined) {
			hash.words(words, 0, words.length);
		}

		hash.word(blkfront?.completed ?? 0);
		hash.word(blkback?.readSectors ?? 0);
		hash.word(blkback?.writeSectors ?? 0);
	}

	mixNetwork(hash, boot.network);
	hash.word(oracle.sectorsChecked);
}

/** Rings and counters of the vifs, the NICs' counters, and what every stack has counted. */
function mixNetwork(hash: StateHash, {vifs, nics, stacks, lan}: HostNetwork): void {
	for (const {netfront, counts} of vifs) {
		for (const ring of [netfront?.sending.ring, netfront?.receiving.ring]) {
			if (ring !== null && ring !== undefined) {
				hash.words(ring.words, 0, ring.words.length);
			}
		}

		hash.word(counts.sentPackets);
		hash.word(counts.receivedPackets);
		hash.word(counts.receivedDrops);
	}

	for (const {counts} of nics) {
		for (const value of Object.values(counts)) {
			hash.word(value);
		}
	}

	for (const {ip, tcp} of [...stacks, ...(lan?.hosts ?? []).map(({stack}) => stack)]) {
		hash.word(ip.sent);
		hash.word(ip.received);
		for (const value of Object.values(tcp.counters)) {
			hash.word(value);
		}
	}
}
