/**
How a device reaches memory: bus mastering must be on, the frame must exist, the IOMMU must permit it. The answer is a frame or
a refusal (a completion with an error, to the device); the device then copies to or from `Memory`'s views of the frame. Fault
points: `dma <name>`, for each access, where drop refuses it and alter turns it to the frame in the rule's value; and `dma.write <name>`, for
those to memory alone, where alter makes it a stray transfer in the same way.
*/
import type {Engine} from '../engine/engine.js';
import {alter, drop, type FaultPoint} from '../engine/fault-points.js';
import type {IommuDevice} from './iommu.js';
import type {Memory} from './memory.js';
import type {ConfigSpace} from './pci-config.js';

export const refused = -1;

export class Dma {
	/** Accesses to frames, and those among them refused for any reason. */
	accesses = 0;
	refusals = 0;
	private readonly config: ConfigSpace;
	private readonly iommu: IommuDevice;
	private readonly faults: FaultPoint;
	private readonly writeFaults: FaultPoint;

	constructor(
		engine: Engine,
		readonly memory: Memory,
		config: ConfigSpace,
		iommu: IommuDevice,
	) {
		this.config = config;
		this.iommu = iommu;
		this.faults = engine.faults.point(`dma ${iommu.name}`, [iommu.name]);
		this.writeFaults = engine.faults.point(`dma.write ${iommu.name}`, [iommu.name]);
	}

	/** The frame that an access to `frame` reaches, or `refused`. Ask again for each access: permission may be gone by then. */
	reach(frame: number, write: boolean): number {
		this.accesses++;
		let target = frame;
		const armed = this.faults.armed;
		if (armed !== null) {
			const verdict = armed.decide(frame);
			if (verdict === drop) {
				this.refusals++;
				return refused;
			}

			if (verdict === alter) {
				target = armed.value;
			}
		}

		const strays = this.writeFaults.armed;
		if (strays !== null && write && strays.decide(frame) === alter) {
			target = strays.value;
		}

		if (!this.config.busMaster || target < 0 || target >= this.memory.frames || !this.iommu.permits(target, write)) {
			this.refusals++;
			return refused;
		}

		return target;
	}
}

/** The frame number in a 64-bit address given as two words; one past any memory when the address is that high. */
export function frameOf(low: number, high: number): number {
	return high >>> 0 >= 1024 ? 0x7fff_ffff : (low >>> 12) | (high << 20);
}
