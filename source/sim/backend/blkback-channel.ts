/** What blkback has of its frontend: the ring page mapped by grant, and the local end of the event channel. */
import type {Step} from '../../engine/step.js';
import {entryBytes} from '../channel/blkif.js';
import {BackRing, type RingOptions} from '../channel/ring.js';
import type {GuestKernel} from '../kernel/kernel.js';

export class BackChannel {
	/** Null while not connected. */
	ring: BackRing | null = null;
	port = -1;
	#handle = -1;
	#pushesBefore = 0;
	#notificationsBefore = 0;

	constructor(
		private readonly kernel: GuestKernel,
		private readonly frontend: number,
		private readonly ringOptions: RingOptions,
	) {}

	/** Publications of responses over all rings so far, and those of them the frontend was notified of. */
	get pushes(): number {
		return this.#pushesBefore + (this.ring?.pushes ?? 0);
	}

	get notifications(): number {
		return this.#notificationsBefore + (this.ring?.notifications ?? 0);
	}

	/** Maps the ring page and attaches to it. In a hypercall step. Returns '' or what went wrong. */
	map(reference: number): string {
		const {kernel} = this;
		const handle = kernel.mapGrant(this.frontend, reference, false, false);
		if (handle < 0) {
			return `mapping ring-ref ${reference}: ${handle}`;
		}

		const ring = new BackRing(kernel.words(kernel.mappedPage(handle)), entryBytes, this.ringOptions);
		if (!ring.attachShared()) {
			kernel.unmapGrant(handle);
			return 'the shared indices are impossible';
		}

		this.#handle = handle;
		this.ring = ring;
		return '';
	}

	/** Binds the frontend's port. In a hypercall step. Returns '' or what went wrong; then the ring is unmapped again. */
	bind(remotePort: number, interrupt: Step, vcpu: number | undefined): string {
		const port = this.kernel.bindInterdomain(this.frontend, remotePort, interrupt, 0, vcpu);
		if (port < 0) {
			this.close();
			return `binding event-channel ${remotePort}: ${port}`;
		}

		this.port = port;
		return '';
	}

	/** Closes the port and unmaps the ring. In a hypercall step. */
	close(): void {
		const {kernel, ring} = this;
		if (this.port >= 0) kernel.closePort(this.port);
		this.port = -1;
		if (ring === null) return;
		this.#pushesBefore += ring.pushes;
		this.#notificationsBefore += ring.notifications;
		kernel.unmapGrant(this.#handle);
		this.#handle = -1;
		this.ring = null;
	}
}
