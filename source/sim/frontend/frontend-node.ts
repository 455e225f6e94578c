/**
A frontend's own directory in XenStore: it says which backend the toolstack has given it, and holds the frontend's state. The toolstack
may replace the backend at any moment (its domain has died and another serves the device): it writes `backend`, `backend-id` and
`state` 1 in one transaction. So that nothing we had under way for the old backend lands after that, every write of ours is a
transaction that first looks whether the backend is still the one it was meant for.
*/
import {readKeys} from '../channel/read-keys.js';
import {type DeviceKind, frontendPath, type XenbusState, XenbusStateUnknown} from '../channel/xenbus.js';
import type {GuestKernel} from '../kernel/kernel.js';

export class FrontendNode {
	readonly directory: string;
	/** Own xenbus state: as last asked for, written or about to be. */
	state: XenbusState = XenbusStateUnknown;
	/** Domain of the backend, and its directory: -1 and '' before they are known. */
	backend = -1;
	backendDirectory = '';
	#watching = false;

	/** @param moved the toolstack has named another backend than the one found. In a step of the kernel. */
	constructor(
		private readonly kernel: GuestKernel,
		kind: DeviceKind,
		device: number,
		private readonly moved: () => void,
	) {
		this.directory = frontendPath(kernel.domid, kind, device);
	}

	/** Reads who the backend is, and further keys beside it; '' for those that are not there. */
	find(names: readonly string[], found: (values: string[]) => void): void {
		readKeys(this.kernel.store, this.directory, ['backend-id', 'backend', ...names], ([id, backend, ...values]) => {
			this.backend = id === '' ? -1 : Number(id);
			this.backendDirectory = backend;
			this.#watch();
			found(values);
		});
	}

	/** Takes the state, and writes it with `keys` unless the backend has been replaced meanwhile. `done('')` when it is written. */
	switchTo(
		state: XenbusState,
		keys: readonly (readonly [string, string | number])[] = [],
		done: (error: string) => void = () => {},
	): void {
		const {store} = this.kernel;
		const expected = this.backendDirectory;
		this.state = state;
		store.transaction((transaction, finish) => {
			store.read(
				`${this.directory}/backend`,
				(_, backend) => {
					if (backend !== expected || this.state !== state) {
						finish(false);
						return;
					}

					for (const [key, value] of keys) {
						store.write(`${this.directory}/${key}`, String(value), undefined, transaction);
					}

					store.write(`${this.directory}/state`, String(state), () => finish(true), transaction);
				},
				transaction,
			);
		}, done);
	}

	/** The device has been removed: nobody listens any more. */
	stop(): void {
		if (!this.#watching) return;
		this.#watching = false;
		this.kernel.store.unwatch(`${this.directory}/backend`, 'backend');
	}

	#watch(): void {
		if (this.#watching) return;
		this.#watching = true;
		const {store} = this.kernel;
		store.watch(`${this.directory}/backend`, 'backend', () =>
			readKeys(store, this.directory, ['backend-id', 'backend'], ([id, backend]) => {
				const same = backend === this.backendDirectory && Number(id) === this.backend;
				if (backend !== '' && id !== '' && !same) this.moved();
			}),
		);
	}
}
