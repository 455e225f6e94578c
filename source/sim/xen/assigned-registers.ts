/**
A device's registers as one domain has them mapped. The mapping dies with the assignment: afterwards reads find all ones and writes
go nowhere, as on a window whose page tables are gone. Xen keeps one such mapping for each base address register of an assignment.
*/

/** What the bus offers for a base address register; see hw/pci.ts. */
export interface RegisterAccess {
	read8(offset: number): number;
	read16(offset: number): number;
	read32(offset: number): number;
	write8(offset: number, value: number): void;
	write16(offset: number, value: number): void;
	write32(offset: number, value: number): void;
}

export class AssignedRegisters implements RegisterAccess {
	/** Accesses after the assignment ended. */
	refused = 0;
	private live = true;
	private readonly window: RegisterAccess;

	constructor(window: RegisterAccess) {
		this.window = window;
	}

	/** The assignment is over. */
	revoke(): void {
		this.live = false;
	}

	read8(offset: number): number {
		return this.live ? this.window.read8(offset) : this.refuse(0xff);
	}

	read16(offset: number): number {
		return this.live ? this.window.read16(offset) : this.refuse(0xffff);
	}

	/** Signed. */
	read32(offset: number): number {
		return this.live ? this.window.read32(offset) : this.refuse(-1);
	}

	write8(offset: number, value: number): void {
		if (this.live) this.window.write8(offset, value);
		else this.refused++;
	}

	write16(offset: number, value: number): void {
		if (this.live) this.window.write16(offset, value);
		else this.refused++;
	}

	write32(offset: number, value: number): void {
		if (this.live) this.window.write32(offset, value);
		else this.refused++;
	}

	private refuse(answer: number): number {
		this.refused++;
		return answer;
	}
}
