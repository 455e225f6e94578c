/**
The PHY inside an 82540EM (a Marvell 88E1000 derivative) and MDIC, the way to its registers. After SDM §11 and §13.4, IEEE 802.3 §22.2.4 and
QEMU's reset values (the partner's word is ours). The link is full duplex at the speed nearest to the wire's rate, or there is none: forcing another than a gigabit leaves the link down, and
advertisements are stored without effect. A PHY reset or a restart of auto-negotiation takes the link down for a time at this end only.
*/
import type {Engine} from '../../engine/engine.js';
import {noHandle} from '../../engine/event-queue.js';
import {Step} from '../../engine/step.js';

/** MDIC. */
const mdicOperation = (value: number): number => (value >>> 26) & 3;
const mdicWrite = 1;
const mdicRead = 2;
const mdicReady = 1 << 28;
const mdicInterrupt = 1 << 29;
const mdicError = 1 << 30;
const phyAddress = 1;

const bmcr = 0;
const bmsr = 1;
const physicalStatus = 17;

/** BMCR. */
const bmcrReset = 1 << 15;
const bmcrNegotiate = 1 << 12;
const bmcrPowerDown = 1 << 11;
const bmcrRestart = 1 << 9;
const bmcrSpeedLow = 1 << 13;
const bmcrSpeedHigh = 1 << 6;

/** BMSR: what there is in any state, negotiation complete, link (latched low). */
const bmsrAbilities = 0x7949;
const bmsrComplete = 1 << 5;
const bmsrLink = 1 << 2;

/** Reset values: BMCR, IDs 0141h 0C20h, advertisement, partner's abilities, 1000BASE-T control and status, extended status. */
const initial: readonly (readonly [number, number])[] = [
	[bmcr, 0x1140],
	[2, 0x0141],
	[3, 0x0c20],
	[4, 0x0de1],
	[5, 0x45e1],
	[9, 0x0e00],
	[10, 0x3c00],
	[15, 0x3000],
	[16, 0x0360],
];
/** Registers that software may not write: status, identifiers, the partner's words. */
const readOnly = (1 << 1) | (1 << 2) | (1 << 3) | (1 << 5) | (1 << 6) | (1 << 10) | (1 << 15) | (1 << 17);

/** Full duplex, resolved: PHY specific status with the link up (bit 10), beside the speed (bits 15:14). */
const resolved = 0x2800;
const physicalLink = 1 << 10;

export class E1000Phy {
	/** The link as the PHY tells it to the MAC. */
	linkUp: boolean;
	/** As STATUS and the PHY specific status write it: 0, 1 and 2 are 10, 100 and 1000 Mb/s. */
	readonly speed: number;
	/** The link has gone down since BMSR was read. */
	#fell = false;
	#negotiating = noHandle;
	#telling = noHandle;
	#mdic = mdicReady;
	/** When the operation in MDIC is complete. */
	#ready = 0;
	readonly #registers = new Uint16Array(32);
	readonly #engine: Engine;
	readonly #negotiation: number;
	readonly #mdio: number;
	readonly #wireUp: () => boolean;
	readonly #changed: () => void;
	readonly #negotiatedStep: Step;
	readonly #doneStep: Step;

	/**
	@param negotiation and @param mdio nanoseconds. @param rate the wire's, bits per second. @param wireUp the wire's link is up. @param changed `linkUp` has changed.
	@param mdiDone an operation that asked for an interrupt is complete.
	*/
	constructor(
		engine: Engine,
		name: string,
		negotiation: number,
		mdio: number,
		rate: number,
		wireUp: () => boolean,
		changed: () => void,
		mdiDone: () => void,
	) {
		this.#engine = engine;
		this.#negotiation = negotiation;
		this.#mdio = mdio;
		this.speed = rate >= 500_000_000 ? 2 : rate >= 50_000_000 ? 1 : 0;
		this.#wireUp = wireUp;
		this.#changed = changed;
		this.#negotiatedStep = new Step(`${name} negotiated`, engine.world, 0, false, () => {
			this.#negotiating = noHandle;
			this.update();
		});
		this.#doneStep = new Step(`${name} mdi done`, engine.world, 0, false, mdiDone);
		this.#setRegisters();
		this.linkUp = wireUp();
	}

	/** The MAC's own reset ends what MDIC was doing; the PHY goes on. */
	resetManagement(): void {
		this.#engine.cancel(this.#telling);
		this.#mdic = mdicReady;
		this.#ready = 0;
	}

	/** A reset by pin or by BMCR: registers as after power-on, and a new negotiation. */
	reset(): void {
		this.#setRegisters();
		this.#negotiate();
	}

	/** The wire's link, or what the PHY makes of it, may have changed. */
	update(): void {
		const control = this.#registers[bmcr];
		const gigabit = (control & (bmcrSpeedLow | bmcrSpeedHigh)) === bmcrSpeedHigh;
		const able = (control & bmcrPowerDown) === 0 && ((control & bmcrNegotiate) !== 0 || gigabit);
		const up = able && this.#negotiating === noHandle && this.#wireUp();
		if (up !== this.linkUp) {
			this.linkUp = up;
			this.#fell ||= !up;
			this.#changed();
		}
	}

	readMdic(): number {
		return this.#engine.now >= this.#ready ? this.#mdic : this.#mdic & ~(mdicReady | mdicError);
	}

	/** Begins a management frame; one still under way is given up. A PHY address that nobody has, or no operation, is an error. */
	writeMdic(value: number): void {
		const register = (value >>> 16) & 31;
		const operation = mdicOperation(value);
		let result = value & ~(mdicReady | mdicError);
		this.#ready = this.#engine.now + this.#mdio;
		if (((value >>> 21) & 31) !== phyAddress || (operation !== mdicRead && operation !== mdicWrite)) {
			result |= mdicError | (operation === mdicRead ? 0xffff : 0);
		} else if (operation === mdicRead) {
			result = (result & ~0xffff) | this.#read(register);
		} else {
			this.#write(register, value & 0xffff);
		}

		this.#mdic = result | mdicReady;
		this.#engine.cancel(this.#telling);
		if ((value & mdicInterrupt) !== 0) {
			this.#telling = this.#engine.after(this.#mdio, this.#doneStep);
		}
	}

	#setRegisters(): void {
		this.#registers.fill(0);
		for (const [register, value] of initial) {
			this.#registers[register] = value;
		}
	}

	#negotiate(): void {
		this.#engine.cancel(this.#negotiating);
		this.#negotiating = this.#engine.after(this.#negotiation, this.#negotiatedStep);
		this.update();
	}

	#read(register: number): number {
		if (register === bmsr) {
			const link = this.linkUp && !this.#fell;
			this.#fell = !this.linkUp;
			return bmsrAbilities | (this.linkUp ? bmsrComplete : 0) | (link ? bmsrLink : 0);
		}

		return register === physicalStatus
			? this.linkUp
				? (this.speed << 14) | resolved | physicalLink
				: 0
			: this.#registers[register];
	}

	#write(register: number, value: number): void {
		if (((readOnly >>> register) & 1) !== 0) {
			return;
		}

		if (register !== bmcr) {
			this.#registers[register] = value;
		} else if ((value & bmcrReset) !== 0) {
			this.reset();
		} else {
			this.#registers[bmcr] = value & ~bmcrRestart;
			if ((value & (bmcrRestart | bmcrNegotiate)) === (bmcrRestart | bmcrNegotiate)) {
				this.#negotiate();
			} else {
				this.update();
			}
		}
	}
}
