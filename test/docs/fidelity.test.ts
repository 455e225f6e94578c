/** The tables of docs/fidelity.md: every named cost, and every time, size and limit of the devices, with its value, and no other. */
import {expect, test} from 'vitest';
import {armDefaults} from '../../source/hw/disk/media/arm.js';
import {hddCacheDefaults} from '../../source/hw/disk/media/hdd.js';
import {nandDefaults} from '../../source/hw/disk/media/nand.js';
import {ssdCacheDefaults} from '../../source/hw/disk/media/ssd.js';
import {defaultOptions, defaultTiming} from '../../source/hw/disk/nvme-options.js';
import {ageing} from '../../source/hw/lan/address-table.js';
import {noImpairments} from '../../source/hw/lan/impairments.js';
import {lanDefaults} from '../../source/hw/lan/lan.js';
import {hostQueueNanoseconds} from '../../source/hw/lan/output-queue.js';
import {longestFrame} from '../../source/hw/lan/switch.js';
import {defaultTiming as nicDefaults} from '../../source/hw/nic/e1000-options.js';
import {bridgeDefaults} from '../../source/sim/backend/bridge.js';
import {defaultE1000DriverOptions} from '../../source/sim/drivers/e1000.js';
import {defaultNvmeDriverOptions} from '../../source/sim/drivers/nvme.js';
import {costGroups} from '../../source/sim/host/cost-names.js';
import {durationText, sizeText} from '../../source/sim/scenario/units.js';
import {defaultQuotas} from '../../source/sim/xenstore/quotas.js';
import {expectBlocks, table} from './page.js';

type Unit = 'ns' | 'bytes' | 'bytes/s' | 'bit/s' | '';
/** What an option is, in which unit, and where its value is from, by its name in the code. */
type Meanings = Readonly<Record<string, readonly [about: string, unit: Unit, source: string]>>;

const controllerSizes: Meanings = {
	queues: ['I/O queue pairs offered', '', 'knob'],
	entries: ['largest queue, entries (CAP.MQES + 1)', '', 'knob'],
	maximumTransfer: ['largest transfer (MDTS)', 'bytes', 'knob'],
	logicalBlock: ['logical block', 'bytes', 'what every scenario has'],
	commands: ['I/O commands worked on at once', '', 'knob'],
};
const controllerTimes: Meanings = {
	doorbell: ['doorbell written to first entry fetched', 'ns', 'knob, of the order of PCIe 3.0 ×4 drives'],
	command: ['between commands of one burst', 'ns', 'knob'],
	listFetch: ['reading one PRP list page', 'ns', 'knob'],
	linkFourKib: ['4 KiB over the link, one direction (3.2 GB/s)', 'ns', 'knob'],
	linkLatency: ["a transfer's first byte", 'ns', 'knob'],
	completion: ['completion entry and interrupt message', 'ns', 'knob'],
	adminCommand: ['an admin command', 'ns', 'knob'],
	enable: ['CC.EN = 1 to CSTS.RDY = 1', 'ns', 'knob'],
	disable: ['CC.EN = 0 to CSTS.RDY = 0', 'ns', 'knob'],
};
const nicTimes: Meanings = {
	doorbell: ['tail written to descriptors in the chip', 'ns', 'knob'],
	descriptor: ['a descriptor that moves no data', 'ns', 'knob'],
	reset: ['CTRL.RST until the chip answers', 'ns', 'knob'],
	eepromWord: ['a word by EERD', 'ns', '27 clocks of Microwire at 1 MHz'],
	mdio: ['a management frame to the PHY', 'ns', 'IEEE 802.3 §22.2.4.5: 64 bits at 2.5 MHz'],
	negotiation: ['auto-negotiation after a PHY reset or restart', 'ns', 'knob'],
};
const nand: Meanings = {
	channels: ['channels', '', 'MQSim ssdconfig.xml, Flash_Channel_Count'],
	chips: ['chips on a channel', '', 'MQSim, Chip_No_Per_Channel'],
	dies: ['dies in a chip', '', 'MQSim, Die_No_Per_Chip'],
	readLatency: ['a read occupies its die', 'ns', 'MQSim, Page_Read_Latency'],
	channelRate: ['rate of one channel', 'bytes/s', 'MQSim, Channel_Transfer_Rate'],
	programLatency: [
		'a program occupies its die',
		'ns',
		"knob: MQSim ships 75 µs; SimpleSSD's example has 500 µs for MLC's fast pages",
	],
	readsBeforeProgram: ['reads that may overtake a waiting program', '', 'knob'],
};
const dataSheet = 'WD Ultrastar DC HC310 OEM specification 4.5';
const arm: Meanings = {
	rpm: ['revolutions a minute', '', dataSheet],
	seekTrack: ['read seek, track to track; also a head switch', 'ns', dataSheet],
	seekAverage: ['read seek over a third of the stroke', 'ns', dataSheet],
	seekFull: ['read seek over the whole stroke', 'ns', dataSheet],
	writeSettleTrack: ['longer for a write, track to track', 'ns', dataSheet],
	writeSettleAverage: ['longer for a write, a third', 'ns', dataSheet],
	writeSettleFull: ['longer for a write, whole stroke', 'ns', dataSheet],
	transferRate: ['off the platter', 'bytes/s', 'knob'],
	heads: ['heads', '', 'knob'],
	commandLatency: ['decoding a read, hidden while the arm is busy', 'ns', 'knob'],
	patience: ['what has waited longer goes first', 'ns', 'knob'],
	programWindow: ['programs looked at for the shortest way', '', 'knob'],
	programBacklog: ['programs from which on they compete with reads', '', 'knob'],
	readAhead: ['kept of what follows a read', 'bytes', 'knob'],
	bufferLatency: ['an answer from the buffer', 'ns', 'knob'],
};
const cache: Meanings = {
	writeCache: ['volatile write cache', 'bytes', 'knob'],
	cacheLatency: ["a write's way into the cache; a flush of nothing", 'ns', 'knob'],
};
const driver: Meanings = {
	ioTimeout: ['a command is aborted after', 'ns', 'Linux io_timeout'],
	adminTimeout: ['an admin command is given up after', 'ns', 'Linux admin_timeout'],
	queueEntries: ['entries of the I/O queue', '', 'Linux io_queue_depth'],
	maximumRetries: ['retries', '', 'Linux max_retries'],
	watchdog: ['the status register is looked at every', 'ns', 'knob'],
};
const e1000: Meanings = {
	descriptors: ['descriptors of each ring', '', 'Linux TxDescriptors, RxDescriptors'],
	receiveBuffers: ['receive buffers of a page, in the ring and with whoever took the frame', '', 'knob'],
	interruptRate: ['interrupts a second at most', '', 'Linux InterruptThrottleRate, fixed'],
	watchdog: ['link and statistics are read every', 'ns', "Linux's watchdog task"],
	hangTime: ['a transmitter that stands still is reported after', 'ns', 'Linux tx_timeout_factor'],
	transmitTimeout: ['and reset this long after its last packet', 'ns', 'Linux watchdog_timeo'],
};
const bridge: Meanings = {
	ageing: ['a station is forgotten after', 'ns', 'Linux, IEEE 802.1D'],
	stations: ['stations remembered', '', 'knob'],
	queueLength: ['packets that wait in front of a port', '', 'Linux tx_queue_len'],
	vifQueueLength: ['packets that wait in front of a vif', '', 'Linux XENVIF_QUEUE_LENGTH'],
};
const lan: Meanings = {
	rate: ['rate of a link', 'bit/s', 'IEEE 802.3, 1000BASE-T'],
	queue: ["a switch port's output queue", 'bytes', 'knob'],
	hostQueue: ["a LAN host's output queue", 'ns', 'knob'],
	ageing: ['a station not heard of is forgotten after', 'ns', 'IEEE 802.1D'],
	longestFrame: ['longest frame the switch forwards', 'bytes', 'what most gigabit switches take'],
	holdBack: ['a reordered frame is held back', 'ns', 'knob'],
};
const quotas: Meanings = {
	nodes: ['nodes owned', '', 'tools/xenstored'],
	watches: ['watches', '', 'tools/xenstored'],
	transactions: ['open transactions', '', 'tools/xenstored'],
	transactionNodes: ['nodes touched in a transaction', '', 'tools/xenstored'],
	nodeBytes: ['one node', 'bytes', 'tools/xenstored'],
	permissionEntries: ['entries of a permission list', '', 'tools/xenstored'],
	outstanding: ['answers not taken off the ring', '', 'tools/xenstored'],
};

function rowsOf(values: object, meanings: Meanings, prefix: readonly string[] = []): string[][] {
	expect(Object.keys(meanings).sort()).toEqual(Object.keys(values).sort());
	return Object.entries(meanings).map(([key, [about, unit, source]]) => {
		// Every option that has a meaning here is a number.
		const value = (values as Record<string, number>)[key];
		return [...prefix, about, valueText(value, unit), source];
	});
}

function valueText(value: number, unit: Unit): string {
	switch (unit) {
		case 'ns':
			return durationText(value)
				.replace(/(?=[a-z])/, ' ')
				.replace('us', 'µs');
		case 'bytes':
			return value % 1024 === 0
				? sizeText(value)
						.replace(/([kMG])$/, ' $1iB')
						.replace('kiB', 'KiB')
				: `${value} bytes`;
		case 'bytes/s':
			return `${value / 1_000_000} MB/s`;
		case 'bit/s':
			return `${value / 1_000_000} Mb/s`;
		default:
			return String(value);
	}
}

test('docs/fidelity.md says what the code says', async () => {
	const head = ['what', 'value', 'source'];
	const {holdBack} = noImpairments;
	const lanValues = {...lanDefaults, hostQueue: hostQueueNanoseconds, ageing, longestFrame, holdBack};
	const {timing, ...sizes} = defaultOptions;
	expect(timing).toBe(defaultTiming);
	const costs = costGroups.flatMap((group) =>
		group.costs.map(({name, ns, source}) => [group.part, `\`${name}\``, String(ns), source]),
	);
	await expectBlocks('docs/fidelity.md', {
		costs: table(['part', 'cost', 'ns', 'source'], costs),
		controller: table(head, [...rowsOf(sizes, controllerSizes), ...rowsOf(defaultTiming, controllerTimes)]),
		nic: table(head, rowsOf(nicDefaults, nicTimes)),
		nand: table(head, rowsOf(nandDefaults, nand)),
		disk: table(head, rowsOf(armDefaults, arm)),
		cache: table(
			['medium', ...head],
			[...rowsOf(ssdCacheDefaults, cache, ['SSD']), ...rowsOf(hddCacheDefaults, cache, ['hard disk'])],
		),
		lan: table(head, rowsOf(lanValues, lan)),
		driver: table(head, rowsOf(defaultNvmeDriverOptions, driver)),
		e1000: table(head, rowsOf(defaultE1000DriverOptions, e1000)),
		bridge: table(head, rowsOf(bridgeDefaults, bridge)),
		quotas: table(['what a guest may have', 'at most', 'source'], rowsOf(defaultQuotas, quotas)),
	});
});
