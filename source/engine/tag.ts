/** A stable 32-bit tag of a name (FNV-1a over UTF-16 code units): seeds streams, names steps in the state hash. */
export function tagOf(name: string): number {
	let hash = 0x811c9dc5 | 0;
	for (let i = 0; i < name.length; i++) {
		const unit = name.charCodeAt(i);
		hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
		hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
	}

	return hash;
}
