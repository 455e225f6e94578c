/**
Hands requests to a device in order. Those it has no room for wait here, and are tried again when it says that there is room; what comes after
them waits behind them.
*/
import type {BlockDevice, BlockRequest} from '../kernel/block-device.js';

export class DeviceQueue {
	/** A ring. */
	readonly #waiting: BlockRequest[];
	#from = 0;
	#length = 0;

	/**
	@param requests all that may ever wait at once, each at most once.
	@param room called from a step of the driver's kernel when `retry` should be.
	*/
	constructor(
		private readonly device: BlockDevice,
		requests: readonly BlockRequest[],
		private readonly room: () => void,
	) {
		this.#waiting = [...requests];
	}

	/** The caller is inside a step of its own kernel. */
	send(request: BlockRequest): void {
		if (this.#length === 0) {
			if (this.device.submit(request)) {
				return;
			}

			this.device.whenRoom(this.room);
		}

		this.#waiting[(this.#from + this.#length++) % this.#waiting.length] = request;
	}

	/** Sends what waits, as far as there is room. Returns true when nothing waits any more. */
	retry(): boolean {
		while (this.#length > 0) {
			if (!this.device.submit(this.#waiting[this.#from])) {
				this.device.whenRoom(this.room);
				return false;
			}

			this.#from = (this.#from + 1) % this.#waiting.length;
			this.#length--;
		}

		return true;
	}
}
