/**
What one 82540EM is made with: its address on the bus, its MAC address, and times. The times are knobs. What is not modelled: the PCI
bus's own bandwidth (a frame's DMA takes no time of its own beside `doorbell`), as all other devices of the machine have links of theirs.
*/
export interface E1000Timing {
	/** From a tail register's write until the descriptors it announces are in the chip: the write crosses the bus, a read goes there and back. */
	readonly doorbell: number;
	/** Processing a descriptor that moves no data. */
	readonly descriptor: number;
	/** CTRL.RST until the chip answers again. */
	readonly reset: number;
	/** A word of the EEPROM by EERD: 27 clocks of a Microwire part at 1 MHz. */
	readonly eepromWord: number;
	/** A management frame to the PHY: 64 bits at 2.5 MHz (IEEE 802.3 §22.2.4.5). */
	readonly mdio: number;
	/** 1000BASE-T auto-negotiation and training after a PHY reset or restart. The link is up already when the machine is switched on. */
	readonly negotiation: number;
}

export interface E1000Options {
	/** `00:05.0` */
	readonly address: string;
	/** `eth0` */
	readonly name: string;
	/** Six bytes. */
	readonly mac: Uint8Array;
	readonly timing: E1000Timing;
}

export const defaultTiming: E1000Timing = {
	doorbell: 600,
	descriptor: 40,
	reset: 1000,
	eepromWord: 27_000,
	mdio: 25_600,
	negotiation: 2_000_000_000,
};
