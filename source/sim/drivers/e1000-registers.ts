/**
Registers and bits of Intel's 82540EM, as far as the driver touches them; after Intel's PCI/PCI-X Family of Gigabit Ethernet Controllers
Software Developer's Manual (the 8254x SDM), chapters 3 (descriptors), 5 (EEPROM), 8 (PHY) and 13 (registers). Offsets in BAR 0.
*/

/** Device control and status. */
export const deviceControl = 0x0000;
export const controlAutoSpeed = 1 << 5;
export const controlSetLinkUp = 1 << 6;
export const controlReset = 1 << 26;
export const deviceStatus = 0x0008;
export const statusFullDuplex = 1 << 0;
export const statusLinkUp = 1 << 1;
/** SPEED, bits 7:6, in Mb/s. */
export const statusSpeeds: readonly number[] = [10, 100, 1000, 1000];

/** EEPROM read: start, done, address 15:8, data 31:16. The words sum to this. */
export const eepromRead = 0x0014;
export const eepromStart = 1 << 0;
export const eepromDone = 1 << 4;
export const eepromWords = 64;
export const eepromSum = 0xbaba;

/** MDI control: data 15:0, register 20:16, PHY 25:21, operation 27:26. */
export const mdiControl = 0x0020;
export const mdiPhyOne = 1 << 21;
export const mdiReadOperation = 2 << 26;
export const mdiReady = 1 << 28;
export const mdiError = 1 << 30;
export const phyIdentifierHigh = 2;
export const phyIdentifierLow = 3;

/** Interrupts: cause (read clears), throttling in units of 256 ns, cause set, mask set, mask clear. */
export const interruptCause = 0x00c0;
export const interruptThrottling = 0x00c4;
export const interruptCauseSet = 0x00c8;
export const interruptMaskSet = 0x00d0;
export const interruptMaskClear = 0x00d8;
export const causeTransmitWritten = 1 << 0;
export const causeLinkChange = 1 << 2;
export const causeReceiveSequence = 1 << 3;
export const causeReceiveMinimum = 1 << 4;
export const causeReceiveOverrun = 1 << 6;
export const causeReceiveTimer = 1 << 7;
/** What Linux's driver enables. */
export const interruptCauses =
	causeTransmitWritten | causeLinkChange | causeReceiveSequence | causeReceiveMinimum | causeReceiveTimer;

/** Receive control and ring. */
export const receiveControl = 0x0100;
export const receiveEnable = 1 << 1;
export const receiveUnicastPromiscuous = 1 << 3;
export const receiveMulticastPromiscuous = 1 << 4;
export const receiveBroadcast = 1 << 15;
export const receiveStripCrc = 1 << 26;
export const receiveBase = 0x2800;
export const receiveLength = 0x2808;
export const receiveHead = 0x2810;
export const receiveTail = 0x2818;
export const receiveDelay = 0x2820;
export const receiveChecksum = 0x5000;
export const receiveChecksumIp = 1 << 8;
export const receiveChecksumTransport = 1 << 9;

/** Transmit control and ring. */
export const transmitControl = 0x0400;
export const transmitEnable = 1 << 1;
export const transmitPadShort = 1 << 3;
export const transmitCollisions = 0x10 << 4;
export const transmitCollisionDistance = 0x40 << 12;
export const transmitGap = 0x0410;
export const transmitGapDefault = 0x0060_200a;
export const transmitBase = 0x3800;
export const transmitLength = 0x3808;
export const transmitHead = 0x3810;
export const transmitTail = 0x3818;
/** Delays of the transmit interrupt, relative and absolute, units of 1.024 us. */
export const transmitDelay = 0x3820;
export const transmitAbsoluteDelay = 0x382c;

/** Filters. */
export const multicastTable = 0x5200;
export const multicastTableWords = 128;
export const receiveAddressLow = 0x5400;
export const receiveAddressHigh = 0x5404;
export const addressValid = 1 << 31;

/** Statistics, cleared by reading; octets in two words, the high one read last. */
export const statistics: ReadonlyArray<readonly [counter: string, offset: number]> = [
	['crcErrors', 0x4000],
	['missedPackets', 0x4010],
	['receiveNoBuffers', 0x40a0],
	['goodPacketsReceived', 0x4074],
	['goodPacketsTransmitted', 0x4080],
	['totalPacketsReceived', 0x40d0],
	['totalPacketsTransmitted', 0x40d4],
];
export const octetStatistics: ReadonlyArray<readonly [counter: string, low: number]> = [
	['goodOctetsReceived', 0x4088],
	['goodOctetsTransmitted', 0x4090],
];

/** Descriptors are four words: address low, address high, length and command, status. */
export const descriptorWords = 4;
/** Third word of a transmit descriptor: length, checksum offset 23:16, command. */
export const commandEndOfPacket = 1 << 24;
export const commandInsertFcs = 1 << 25;
export const commandInsertChecksum = 1 << 26;
export const commandReportStatus = 1 << 27;
export const commandDelayInterrupt = 1 << 31;
export const checksumOffsetShift = 16;
/** Fourth word of a transmit descriptor: status, checksum start 15:8. */
export const checksumStartShift = 8;
export const descriptorDone = 1 << 0;
/** Fourth word of a receive descriptor: status 7:0, errors 15:8. */
export const receivedEndOfPacket = 1 << 1;
export const receivedIgnoreChecksum = 1 << 2;
export const receivedTransportChecked = 1 << 5;
export const receivedTransportError = 1 << 13;
/** CE, SE, SEQ, CXE, RXE: the frame is not to be used. */
export const receivedFrameErrors = 0x97 << 8;

/** PCI configuration space, as far as the driver touches it. */
export const pciCommand = 0x04;
export const pciMemoryAndMaster = 0b110;
export const pciNoIntx = 1 << 10;
