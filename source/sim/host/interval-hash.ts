/** What enters the state hash at each interval beside the events: random states, ring pages, grant tables, event channels, networks, counters. */
import type {Engine} from '../../engine/engine.js';
import type {StateHash} from '../../engine/state-hash.js';
import {tagOf} from '../../engine/tag.js';
import type {Oracle} from '../guest/oracle.js';
import type {BootNetwork, HostBoot} from './host-boot.js';

export function mixState(engine: Engine, boot: HostBoot, oracle: Oracle): void {
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

	for (const channel of boot.channels) {
		channel.mix(hash);
	}

	mixNetwork(hash, boot.network);
	hash.word(oracle.sectorsChecked);
}

/** Rings and counters of the vifs, the NICs' counters, and what every stack has counted. */
function mixNetwork(hash: StateHash, {vifs, nics, stacks, lan}: BootNetwork): void {
	for (const vif of vifs) {
		vif.mix(hash);
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
