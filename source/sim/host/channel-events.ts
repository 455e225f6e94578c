/** The event channel between the two ends of a device channel of any kind: whether an event is on its way, and where one may be lost. */
import type {FaultPoint} from '../../engine/fault-points.js';
import type {ChannelEnd} from '../channel/channel-end.js';
import type {DomainKernel} from '../kernel/domain-kernel.js';
import type {Hypervisor} from '../xen/hypervisor.js';

/** An end that has not come to life yet: nothing waits for it. */
export const nobody: ChannelEnd = {waiting: 0, looking: false, notifying: false, port: -1};

export type Direction = 'to-backend' | 'to-frontend' | 'both';

export class ChannelEvents {
	constructor(
		readonly frontKernel: DomainKernel,
		/** Another when the device has moved to another domain. */
		public backKernel: DomainKernel,
		private readonly xen: Hypervisor,
	) {}

	/** An end's domain is dead: nobody is to look any more. */
	get ended(): boolean {
		return !this.frontKernel.alive || !this.backKernel.alive;
	}

	/** Whether an event is pending for a kernel's port, or taken and not handled. */
	isPending(kernel: DomainKernel, port: number): boolean {
		if (port < 0 || !this.xen.events.exists(kernel.domid)) {
			return false;
		}

		return this.xen.events.sharedInfo(kernel.domid).isPending(port) || kernel.isHandling(port);
	}

	/** Where notifications towards an end may be lost. None while the channel is not connected. */
	points(direction: Direction, frontPort: number, backPort: number): FaultPoint[] {
		const points: (FaultPoint | undefined)[] = [];
		if (direction !== 'to-frontend') {
			points.push(this.#point(this.frontKernel, this.backKernel, backPort));
		}

		if (direction !== 'to-backend') {
			points.push(this.#point(this.backKernel, this.frontKernel, frontPort));
		}

		return points.filter((point) => point !== undefined);
	}

	/** Both ends look, as if an event had come; an end that is about to look anyway is not told twice. */
	kick(front: Kickable | undefined, back: Kickable | undefined): void {
		if (back !== undefined && back.port >= 0 && !this.backKernel.isHandling(back.port)) {
			back.kick();
		}

		if (front !== undefined && front.port >= 0 && !this.frontKernel.isHandling(front.port)) {
			front.kick();
		}
	}

	#point(from: DomainKernel, to: DomainKernel, port: number): FaultPoint | undefined {
		return this.xen.engine.faults.get(`evtchn.send ${from.name}→${to.name}:${port}`);
	}
}

/** What of an end a kick needs. */
export interface Kickable {
	readonly port: number;
	kick(): void;
}
