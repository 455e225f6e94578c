/**
Registers of the Intel 82540EM: offsets in BAR 0 and their fields. After Intel's PCI/PCI-X Family of Gigabit Ethernet Controllers
Software Developer's Manual (317453; "SDM" in these files) §13.
*/
export const control = 0x0000;
export const deviceStatus = 0x0008;
export const eepromControl = 0x0010;
export const eepromRead = 0x0014;
export const mdiControl = 0x0020;
export const causeRead = 0x00c0;
export const throttling = 0x00c4;
export const causeSet = 0x00c8;
export const maskSet = 0x00d0;
export const maskClear = 0x00d8;
export const receiveControl = 0x0100;
export const transmitControl = 0x0400;
export const packetBuffers = 0x1000;
/** A direction's ring registers lie from here on: base (low, high), length, head, tail. */
export const receiveRing = 0x2800;
export const transmitRing = 0x3800;
export const ringBaseLow = 0x00;
export const ringBaseHigh = 0x04;
export const ringLength = 0x08;
export const ringHead = 0x10;
export const ringTail = 0x18;
export const ringEnd = 0x20;
export const receiveDelay = 0x2820;
export const receiveAbsoluteDelay = 0x282c;
export const transmitDelay = 0x3820;
export const transmitDescriptorControl = 0x3828;
export const transmitAbsoluteDelay = 0x382c;
export const statisticsFirst = 0x4000;
export const statisticsEnd = 0x4100;
export const receiveChecksum = 0x5000;
export const multicastTable = 0x5200;
export const multicastTableEnd = 0x5400;
export const receiveAddresses = 0x5400;
export const receiveAddressesEnd = 0x5480;
export const vlanTable = 0x5600;
export const vlanTableEnd = 0x5800;

/** CTRL. */
export const ctrlFullDuplex = 1 << 0;
export const ctrlSetLinkUp = 1 << 6;
export const ctrlReset = 1 << 26;
export const ctrlPhyReset = 1 << 31;

/** STATUS. */
export const statusFullDuplex = 1 << 0;
export const statusLinkUp = 1 << 1;
/** STATUS.SPEED: 0, 1 and 2 are 10, 100 and 1000 Mb/s. */
export const statusSpeedShift = 6;

/** Interrupt causes: ICR, ICS, IMS, IMC. */
export const causeTransmitWritten = 1 << 0;
export const causeTransmitEmpty = 1 << 1;
export const causeLinkChange = 1 << 2;
export const causeReceiveLow = 1 << 4;
export const causeOverrun = 1 << 6;
export const causeReceiveTimer = 1 << 7;
export const causeMdiDone = 1 << 9;
export const causeTransmitLow = 1 << 15;
/** The causes there are; other bits of the four registers are reserved. */
export const allCauses = 0x0001_f6d7;

/** RCTL. */
export const rctlEnable = 1 << 1;
export const rctlStoreBad = 1 << 2;
export const rctlUnicastPromiscuous = 1 << 3;
export const rctlMulticastPromiscuous = 1 << 4;
export const rctlLongPackets = 1 << 5;
export const rctlBroadcast = 1 << 15;
export const rctlStripCrc = 1 << 26;
/** RDMTS: half of the ring's descriptors, a quarter, an eighth; 3 is reserved and taken as an eighth here. */
export const rctlThresholdShift = (rctl: number): number => 1 + Math.min(2, (rctl >>> 8) & 3);
export const rctlMulticastOffset = (rctl: number): number => (rctl >>> 12) & 3;

/** Bytes of a receive buffer by BSIZE and BSEX; BSEX with BSIZE 0 is reserved and taken as if BSEX were 0. */
export function receiveBufferBytes(rctl: number): number {
	const size = (rctl >>> 16) & 3;
	const small = 2048 >> size;
	return (rctl & (1 << 25)) !== 0 && size !== 0 ? small * 16 : small;
}

/** TCTL. */
export const tctlEnable = 1 << 1;
export const tctlPadShort = 1 << 3;

/** RXCSUM. */
export const rxcsumStart = (rxcsum: number): number => rxcsum & 0xff;
export const rxcsumIp = 1 << 8;
export const rxcsumTransport = 1 << 9;

/** RDTR: flush the partial descriptor block, the timer expires at once. */
export const rdtrFlush = 1 << 31;
/** Unit of RDTR, RADV, TIDV and TADV, ns; and of ITR. */
export const delayUnit = 1024;
export const throttlingUnit = 256;

/** TDESC.CMD, as bits 31:24 of a descriptor's third word. */
export const commandEndOfPacket = 1 << 24;
export const commandInsertFcs = 1 << 25;
export const commandInsertChecksum = 1 << 26;
export const commandReportStatus = 1 << 27;
export const commandExtended = 1 << 29;
export const commandDelayInterrupt = 1 << 31;
/** DTYP of an extended descriptor, in the same word: 0 context, 1 data. */
export const descriptorType = (word: number): number => (word >>> 20) & 15;

/** RDESC.STATUS and, from bit 8 on, RDESC.ERRORS: the low half of a descriptor's fourth word. */
export const descriptorDone = 1 << 0;
export const receivedEnd = 1 << 1;
export const receivedIgnoreChecksum = 1 << 2;
export const receivedTransportChecked = 1 << 5;
export const receivedIpChecked = 1 << 6;
export const receivedInexact = 1 << 7;
export const errorCrc = 1 << 8;
export const errorTransport = 1 << 13;
export const errorIp = 1 << 14;
export const errorData = 1 << 15;
