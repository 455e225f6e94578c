/** What enters the state hash at each interval beside the events: random states, ring pages, grant tables, event channels, counters. */
import type {Engine} from '../../engine/engine.js';
import {tagOf} from '../../engine/tag.js';
import type {Oracle} from '../guest/oracle.js';
import type {Boot} from './boot.js';

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

	hash.word(oracle.sectorsChecked);
}
