/**
Asynchronous events: requests the driver left with the controller, and errors that belong to no command, such as a bad doorbell.
After an error event its kind is masked until the driver reads the error log. After NVMe base specification 1.4 §5.2.
*/
import {asyncEventLimit} from './nvme-identify.js';

/** Error events, as the information field numbers them. */
export const eventInvalidDoorbellRegister = 0;
export const eventInvalidDoorbellValue = 1;
export const eventInternalError = 3;

const errorLogPage = 1;
const keptEvents = 8;

export class NvmeEvents {
	private readonly requests: number[] = [];
	private readonly events: number[] = [];
	private masked = false;
	private readonly complete: (slot: number, result: number) => void;

	/** @param complete completes the request in a slot with Dword 0. */
	constructor(complete: (slot: number, result: number) => void) {
		this.complete = complete;
	}

	/** An error event. Beyond eight that nobody asked for, further ones are lost. */
	raise(information: number): void {
		if (this.events.length < keptEvents) {
			this.events.push((errorLogPage << 16) | (information << 8));
		}

		this.match();
	}

	/** The driver leaves a request in `slot`; false when there are as many as the limit. */
	request(slot: number): boolean {
		if (this.requests.length > asyncEventLimit) {
			return false;
		}

		this.requests.push(slot);
		this.match();
		return true;
	}

	/** Takes back the request in `slot` (an abort); false when it is not waiting. */
	remove(slot: number): boolean {
		const at = this.requests.indexOf(slot);
		if (at < 0) {
			return false;
		}

		this.requests.splice(at, 1);
		return true;
	}

	/** The driver read the error log without Retain Asynchronous Event. */
	unmask(): void {
		this.masked = false;
		this.match();
	}

	reset(): void {
		this.requests.length = 0;
		this.events.length = 0;
		this.masked = false;
	}

	private match(): void {
		if (this.masked) {
			return;
		}

		const event = this.events[0];
		const slot = this.requests[0];
		if (event !== undefined && slot !== undefined) {
			this.events.shift();
			this.requests.shift();
			this.masked = true;
			this.complete(slot, event);
		}
	}
}
