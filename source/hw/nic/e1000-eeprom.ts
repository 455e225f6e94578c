/**
The EEPROM beside an 82540EM: 64 words of 16 bits on a Microwire bus, read through EERD or bit by bit through EECD. After SDM §5
(words 0 to 2 the MAC address, sum of all words BABAh) and §13.4. Its commands are those of a 93C46; only READ does
something, an EEPROM here cannot be written. Unverified: EERD takes address bits beyond the part's six as if they were not there.
*/
const wordCount = 64;
const checksumWord = 0x3f;
const checksum = 0xbaba;

/** EERD. */
const eerdStart = 1 << 0;
const eerdDone = 1 << 4;

/** EECD. */
const eecdClock = 1 << 0;
const eecdSelect = 1 << 1;
const eecdIn = 1 << 2;
const eecdOut = 1 << 3;
const eecdRequest = 1 << 6;
const eecdGrant = 1 << 7;
const eecdPresent = 1 << 8;
const eecdWritable = eecdClock | eecdSelect | eecdIn | (3 << 4) | eecdRequest;

/** Start bit, two bits of opcode, six of address. */
const commandBits = 9;
const opcodeRead = 0b110;

export class E1000Eeprom {
	readonly words = new Uint16Array(wordCount);
	#eerd = 0;
	/** When the word asked for by EERD is there. */
	#ready = 0;
	#eecd = 0;
	/** Bits shifted in since the chip was selected and the start bit seen. */
	#shifted = 0;
	#command = 0;
	/** The word being shifted out, and how many bits of it are left; the first bit out is a zero. */
	#out = 0;
	#left = 0;
	#level = 1;
	readonly #wordTime: number;

	/** @param mac six bytes. @param wordTime nanoseconds for a word by EERD. */
	constructor(mac: Uint8Array, wordTime: number) {
		const words = this.words;
		for (let i = 0; i < 3; i++) {
			words[i] = mac[2 * i] | (mac[2 * i + 1] << 8);
		}

		// Initialization control 1 (signature 01b), subsystem, device and vendor ids, initialization control 2.
		words[0x0a] = 0x4408;
		words[0x0b] = 0x001e;
		words[0x0c] = 0x8086;
		words[0x0d] = 0x100e;
		words[0x0e] = 0x8086;
		words[0x0f] = 0x3040;
		let sum = 0;
		for (const word of words) {
			sum += word;
		}

		words[checksumWord] = checksum - sum;
		this.#wordTime = wordTime;
	}

	reset(): void {
		this.#eerd = 0;
		this.#writeEecd(0);
	}

	readEerd(now: number): number {
		return (this.#eerd & eerdStart) !== 0 && now >= this.#ready
			? (this.#eerd & 0xff00) | eerdDone | (this.words[(this.#eerd >>> 8) & (wordCount - 1)] << 16)
			: this.#eerd;
	}

	writeEerd(value: number, now: number): void {
		this.#eerd = value & (0xff00 | eerdStart);
		this.#ready = now + this.#wordTime;
	}

	/** The grant follows the request at once: nobody else reads this EEPROM. */
	readEecd(): number {
		const granted = (this.#eecd & eecdRequest) !== 0;
		return this.#eecd | (granted ? eecdGrant : 0) | (granted && this.#level === 1 ? eecdOut : 0) | eecdPresent;
	}

	writeEecd(value: number): void {
		this.#writeEecd(value & eecdWritable);
	}

	#writeEecd(value: number): void {
		const before = this.#eecd;
		this.#eecd = value;
		if ((value & eecdSelect) === 0 || (value & eecdRequest) === 0) {
			this.#shifted = 0;
			this.#command = 0;
			this.#left = 0;
			this.#level = 1;
		} else if ((before & eecdClock) === 0 && (value & eecdClock) !== 0) {
			this.#clock((value & eecdIn) !== 0 ? 1 : 0);
		}
	}

	/** A rising edge of the clock while selected. */
	#clock(bit: number): void {
		if (this.#left > 0) {
			this.#left--;
			this.#level = (this.#out >>> this.#left) & 1;
			return;
		}

		// Zeros before the start bit count for nothing.
		if (this.#shifted === 0 && bit === 0) {
			return;
		}

		this.#command = (this.#command << 1) | bit;
		if (++this.#shifted < commandBits) {
			return;
		}

		if (this.#command >>> 6 === opcodeRead) {
			this.#out = this.words[this.#command & (wordCount - 1)];
			this.#left = 16;
			this.#level = 0;
		}

		this.#shifted = 0;
		this.#command = 0;
	}
}
