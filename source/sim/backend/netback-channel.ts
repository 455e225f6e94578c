/** What netback has of its frontend: two ring pages mapped by grant, and the local end of the event channel. */
import type {Step} from '../../engine/step.js';
import {rxEntryBytes, txEntryBytes} from '../channel/netif.js';
import {BackRing, type RingOptions} from '../channel/ring.js';
import type {GuestKernel} from '../kernel/kernel.js';

/** One ring of the two. */
export class MappedRing {
	/** Null while not connected. */
	ring: BackRing | null = null;
	private handle = -1;
	private pushesBefore = 0;
	private notificationsBefore = 0;

	constructor(
		private readonly entryBytes: number,
		private readonly options: RingOptions,
	) {}

	/** Publications of responses over all rings so far, and those of them the frontend was notified of. */
	get pushes(): number {
		return this.pushesBefore + (this.ring?.pushes ?? 0);
	}

	get notifications(): number {
		return this.notificationsBefore + (this.ring?.notifications ?? 0);
	}

	/** Maps the page and attaches to it. Returns '' or what went wrong. */
	map(kernel: GuestKernel, frontend: number, reference: number): string {
		const handle = kernel.mapGrant(frontend, reference, false, false);
		if (handle < 0) return `${reference}: ${handle}`;
		const ring = new BackRing(kernel.words(kernel.mappedPage(handle)), this.entryBytes, this.options);
		if (!ring.attachShared()) {
			kernel.unmapGrant(handle);
			return 'the shared indices are impossible';
		}

		this.handle = handle;
		this.ring = ring;
		return '';
	}

	unmap(kernel: GuestKernel): void {
		if (this.ring === null) return;
		this.pushesBefore = this.pushes;
		this.notificationsBefore = this.notifications;
		kernel.unmapGrant(this.handle);
		this.handle = -1;
		this.ring = null;
	}
}

export class VifBackChannel {
	readonly transmit: MappedRing;
	readonly receive: MappedRing;
	port = -1;

	constructor(
		private readonly kernel: GuestKernel,
		readonly frontend: number,
		transmit: RingOptions,
		receive: RingOptions,
	) {
		this.transmit = new MappedRing(txEntryBytes, transmit);
		this.receive = new MappedRing(rxEntryBytes, receive);
	}

	/** Maps both rings. In a hypercall step. Returns '' or what went wrong; then nothing is mapped. */
	map(transmitReference: number, receiveReference: number): string {
		const {kernel, frontend} = this;
		let problem = this.transmit.map(kernel, frontend, transmitReference);
		if (problem !== '') return `mapping tx-ring-ref ${problem}`;
		problem = this.receive.map(kernel, frontend, receiveReference);
		if (problem === '') return '';
		this.close();
		return `mapping rx-ring-ref ${problem}`;
	}

	/** Binds the frontend's port. In a hypercall step. Returns '' or what went wrong; then the rings are unmapped again. */
	bind(remotePort: number, interrupt: Step, vcpu: number | undefined): string {
		const port = this.kernel.bindInterdomain(this.frontend, remotePort, interrupt, 0, vcpu);
		if (port < 0) {
			this.close();
			return `binding event-channel ${remotePort}: ${port}`;
		}

		this.port = port;
		return '';
	}

	/** Closes the port and unmaps the rings. In a hypercall step. */
	close(): void {
		if (this.port >= 0) this.kernel.closePort(this.port);
		this.port = -1;
		this.transmit.unmap(this.kernel);
		this.receive.unmap(this.kernel);
	}
}
