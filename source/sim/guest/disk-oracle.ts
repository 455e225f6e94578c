/**
The oracle of one virtual disk: it knows what every sector may hold, makes the content of writes, and compares every byte of
every read. It lives outside the host: no crash of a domain or of the host touches it.
*/
import type {Engine} from '../../engine/engine.js';
import {LegalBlocks} from './legal-blocks.js';
import {blockBytes, offsetOf, type Pattern, sectorBytes, sectorsPerBlock, sectorWords} from './pattern.js';

/** What is wrong with a sector. */
export type Violation =
	/** An older write, or one that power loss or a failure cannot have left. */
	| 'stale'
	/** Zeros, although it was written. */
	| 'lost'
	/** Another sector's or another disk's bytes. */
	| 'misdirected'
	/** Bytes of two versions in one sector. */
	| 'torn'
	| 'corrupt';

export class DiskOracle {
	readonly legal = new LegalBlocks();
	/** Sectors compared with what they may hold. */
	sectorsChecked = 0;
	violations = 0;
	/** Sectors on which a read found an acknowledged write gone: an older one, or zeros, in its place. */
	readonly lost = new Set<number>();
	/** Sectors that a fault corrupted: here a violation is what is expected. */
	readonly corrupted = new Set<number>();
	/** Corrupted sectors that a read has found. */
	corruptionsFound = 0;

	/**
	@param name `web xvda`.
	@param tag unique among the oracle's disks.
	@param parties who is concerned by what it finds: the domain and the disk.
	*/
	constructor(
		readonly engine: Engine,
		readonly pattern: Pattern,
		readonly name: string,
		readonly tag: number,
		readonly parties: readonly string[],
		readonly nameOf: (tag: number) => string | undefined,
	) {}

	/** A write begins; returns its number. Its content is what `fill` makes for that number. */
	submitWrite(sector: number, sectors: number): number {
		return this.legal.submitWrite(sector, sectors);
	}

	/** Content of `sectors` sectors from `sector` on for write `number`, at byte `offset` of a page. */
	fill(number: number, sector: number, sectors: number, bytes: Buffer, words: Int32Array, offset: number): void {
		this.pattern.fill(this.tag, sector, sectors, number, bytes, words, offset);
	}

	acknowledge(number: number, sector: number, sectors: number): void {
		if (this.corrupted.size > 0) {
			for (let s = sector; s < sector + sectors; s++) {
				this.corrupted.delete(s);
			}
		}

		this.legal.acknowledge(number, sector, sectors);
	}

	/** The write failed or nobody will answer it. */
	fail(number: number, sector: number, sectors: number): void {
		this.legal.fail(number, sector, sectors);
	}

	/** A read begins; the number returned names it until `endRead`. */
	submitRead(sector: number, sectors: number): number {
		return this.legal.submitRead(sector, sectors);
	}

	/** Compares `sectors` sectors that read `since` returned at byte `offset` of a page. Returns how many are not as they may be. */
	check(since: number, sector: number, sectors: number, bytes: Buffer, words: Int32Array, offset: number): number {
		this.sectorsChecked += sectors;
		let wrong = 0;
		for (let at = sector; at < sector + sectors; ) {
			const within = at % sectorsPerBlock;
			const count = Math.min(sectorsPerBlock - within, sector + sectors - at);
			const from = offset + (at - sector) * sectorBytes;
			const sole = this.legal.soleVersion(Math.floor(at / sectorsPerBlock));
			const whole = count === sectorsPerBlock && bytes.length === blockBytes && from === 0;
			if (!(whole && sole >= 0 && bytes.equals(this.pattern.block(this.tag, at, sole)))) {
				for (let i = 0; i < count; i++) {
					wrong += this.#checkSector(since, at + i, bytes, words, from + i * sectorBytes);
				}
			}

			at += count;
		}

		return wrong;
	}

	endRead(since: number, sector: number, sectors: number): void {
		this.legal.endRead(since, sector, sectors);
	}

	submitFlush(): number {
		return this.legal.submitFlush();
	}

	endFlush(since: number, completed: boolean): void {
		this.legal.endFlush(since, completed);
	}

	/** Blocks of eight sectors of which something is known, at most about `most` of them; see LegalBlocks. */
	known(most: number): number[] {
		return this.legal.known(most);
	}

	/** The device that holds the disk lost power. */
	powerLost(): void {
		this.legal.powerLost();
	}

	/** The device's or backend's incarnation is known reset: failed writes that have not happened will not. */
	incarnationReset(): void {
		this.legal.incarnationReset();
	}

	/** A fault changed the sector's stored bytes: the next read of it must find that. */
	markCorrupted(sector: number): void {
		this.corrupted.add(sector);
	}

	#checkSector(since: number, sector: number, bytes: Buffer, words: Int32Array, offset: number): number {
		const origin = this.pattern.originOf(words, offset / 4);
		const number = origin === undefined ? 0 : origin.number;
		const mine = origin === undefined || (origin.tag === this.tag && origin.sector === sector);
		if (
			mine &&
			number >= 0 &&
			number <= this.legal.writes &&
			this.#equals(sector, number, bytes, offset) &&
			this.legal.isLegal(sector, number, since)
		) {
			this.legal.narrow(sector, number, since);
			return 0;
		}

		this.#report(sector, bytes, words, offset);
		return 1;
	}

	#equals(sector: number, number: number, bytes: Buffer, offset: number): boolean {
		const expected = this.pattern.sector(this.tag, sector, number);
		const within = offsetOf(sector);
		return bytes.compare(expected, within, within + sectorBytes, offset, offset + sectorBytes) === 0;
	}

	#report(sector: number, bytes: Buffer, words: Int32Array, offset: number): void {
		this.violations++;
		if (this.corrupted.delete(sector)) {
			this.corruptionsFound++;
		}

		const {violation, found} = this.#classify(sector, bytes, words, offset);
		if (violation === 'stale' || violation === 'lost') {
			this.lost.add(sector);
		}

		const {numbers, more} = this.legal.candidates(sector);
		const expected = numbers.map((number) => (number === 0 ? 'zeros (never written)' : `write ${number}`)).join(' or ');
		const text = `${this.name} sector ${sector}: expected ${expected}${more ? ' or between' : ''}, found ${found}: ${violation}`;
		this.engine.findings.report('oracle', this.engine.now, this.parties, text);
	}

	#classify(
		sector: number,
		bytes: Buffer,
		words: Int32Array,
		offset: number,
	): {readonly violation: Violation; readonly found: string} {
		const at = offset / 4;
		let zeros = true;
		for (let word = 0; word < sectorWords; word++) {
			zeros &&= words[at + word] === 0;
		}

		if (zeros) {
			return {violation: 'lost', found: 'zeros'};
		}

		const origin = this.pattern.originOf(words, at);
		if (origin === undefined) {
			return {violation: 'corrupt', found: 'bytes of no write'};
		}

		if (origin.tag !== this.tag || origin.sector !== sector) {
			const disk = this.nameOf(origin.tag);
			if (disk === undefined) {
				return {violation: 'corrupt', found: 'bytes of no disk'};
			}

			return {violation: 'misdirected', found: `write ${origin.number} of ${disk} sector ${origin.sector}`};
		}

		const expected = this.pattern.sector(this.tag, sector, origin.number);
		const within = offsetOf(sector);
		let same = 0;
		while (same < sectorBytes && bytes[offset + same] === expected[within + same]) {
			same++;
		}

		if (same === sectorBytes) {
			return {violation: 'stale', found: `write ${origin.number}`};
		}

		return this.pattern.isSomeTail(bytes, offset, sector, same)
			? {violation: 'torn', found: `write ${origin.number} up to byte ${same}, then another`}
			: {violation: 'corrupt', found: `write ${origin.number} with byte ${same} changed`};
	}
}
