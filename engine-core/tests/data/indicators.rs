//! Indicators against published worked examples.

use engine_core::data::indicators::{Atr, Bollinger, Ema, Fixed, Indicator, Macd, Period, Rsi, Sma, Vwap};
use engine_core::data::{Candle, Interval, Volume};
use engine_core::{Notional, Price};
use rust_decimal::Decimal;

use crate::{DAY, HOUR, at, trade};

pub(crate) fn period(candles: u32) -> Period {
    Period::new(candles).expect("within 1 to 1,000")
}

/// Whether a value in ticks is what was published with `places` decimal places of a price with `tick_places`,
/// give or take one in the last place: publishers round and cut.
#[track_caller]
fn assert_published(value: Fixed, published: &str, tick_places: u32) {
    let published: Decimal = published.parse().expect("a decimal");
    let value = value.decimal().expect("it is small") * Decimal::new(1, tick_places);
    let off = (value - published).abs();
    assert!(
        off <= Decimal::new(1, published.scale()),
        "{value} is not {published}"
    );
}

/// A candle with these prices in ticks.
pub(crate) fn candle(high: i64, low: i64, close: i64) -> Candle {
    Candle {
        open_time: at(0),
        close_time: at(1),
        open: Price::new(close),
        high: Price::new(high),
        low: Price::new(low),
        close: Price::new(close),
        volume: Volume::new(1),
        quote_volume: Notional::new(i128::from(close)),
        trade_count: 1,
    }
}

/// StockCharts ChartSchool, "Moving Averages - Simple and Exponential": closes of INTC from 24 March 2010 (spreadsheet
/// cs-movavg), in ticks of 0.0001, and their 10-day simple averages.
#[test]
fn the_simple_average_is_the_published_one() {
    let closes = [
        222_734, 221_940, 220_847, 221_741, 221_840, 221_344, 222_337, 224_323, 222_436, 222_933, 221_542,
        223_926, 223_816, 226_109, 233_558, 240_519, 237_530, 238_324, 239_516, 236_338, 238_225, 238_722,
        236_537, 231_870, 230_976, 233_260, 226_805, 230_976, 224_025, 221_725,
    ];
    let averages = [
        22_224_750, 22_212_830, 22_232_690, 22_262_380, 22_306_060, 22_423_240, 22_614_990, 22_766_920,
        22_906_930, 23_077_730, 23_211_780, 23_378_610, 23_526_570, 23_653_780, 23_711_390, 23_685_570,
        23_612_980, 23_505_730, 23_432_250, 23_277_340, 23_131_210,
    ];
    let mut sma = Sma::new(period(10));
    let mut got = Vec::new();
    for close in closes {
        // In hundredths of a tick, which have no rest: ten closes have one place more than one.
        got.extend(sma.price(Price::new(close)).map(|mean| mean.numerator() * 10));
    }
    assert_eq!(got, averages);
}

/// Investexcel, "How to Calculate MACD in Excel": closes of AAPL from 19 February 2013, in ticks of 0.01.
const AAPL: [i64; 38] = [
    45_999, 44_885, 44_606, 45_081, 44_280, 44_897, 44_457, 44_140, 43_047, 42_005, 43_114, 42_566, 43_058,
    43_172, 43_787, 42_843, 42_835, 43_250, 44_366, 45_572, 45_449, 45_208, 45_273, 46_191, 46_358, 46_114,
    45_208, 44_266, 42_891, 42_979, 43_199, 42_772, 42_320, 42_621, 42_698, 43_569, 43_433, 42_980,
];

#[test]
fn the_exponential_average_is_the_published_one() {
    let published = [
        "440.8975",
        "439.3101923077",
        "438.1424704142",
        "438.1005518889",
        "436.6127746753",
        "435.3415785714",
        "434.9044126373",
        "436.2514260777",
        "439.2465912965",
        "441.5917310971",
        "443.2053109283",
        "444.6706477086",
        "447.3228557534",
        "449.8239548683",
        "451.5648848885",
    ];
    let mut ema = Ema::new(period(12));
    let got: Vec<Fixed> = AAPL
        .iter()
        .filter_map(|close| ema.price(Price::new(*close)))
        .collect();
    for (value, published) in got.iter().zip(published) {
        assert_published(*value, published, 2);
    }
    assert_eq!(
        got.len(),
        AAPL.len() - 11,
        "the first is that of the twelfth close"
    );
}

#[test]
fn convergence_and_divergence_are_the_published_ones() {
    let lines = [
        "8.2752695039",
        "7.7033783815",
        "6.4160747570",
        "4.2375197833",
        "2.5525833249",
        "1.3788857199",
        "0.1029814912",
        "-1.2584019528",
        "-2.0705581901",
        "-2.6218423283",
        "-2.3290667405",
        "-2.1816321148",
        "-2.4026262729",
    ];
    let signals = [
        "3.0375258687",
        "1.9056522293",
        "1.0587084354",
        "0.4106403253",
        "-0.1520129943",
    ];
    let histograms = [
        "-5.1080840588",
        "-4.5274945576",
        "-3.3877751758",
        "-2.5922724401",
        "-2.2506132786",
    ];
    let mut macd = Macd::new(period(12), period(26), period(9));
    let got: Vec<_> = AAPL
        .iter()
        .filter_map(|close| macd.price(Price::new(*close)))
        .collect();
    assert_eq!(got.len(), lines.len());
    for (value, line) in got.iter().zip(lines) {
        assert_published(value.line, line, 2);
    }
    let with_signal: Vec<_> = got
        .iter()
        .filter_map(|value| value.signal.zip(value.histogram))
        .collect();
    assert_eq!(with_signal.len(), signals.len());
    for ((signal, histogram), (published, difference)) in
        with_signal.iter().zip(signals.iter().zip(histograms))
    {
        assert_published(*signal, published, 2);
        assert_published(*histogram, difference, 2);
    }
}

/// StockCharts ChartSchool, "Relative Strength Index (RSI)": closes of QQQQ (spreadsheet cs-rsi), in ticks of 0.0001,
/// and the 14-day index.
#[test]
fn the_relative_strength_is_the_published_one() {
    let closes = [
        443_389, 440_902, 441_497, 436_124, 443_278, 448_264, 450_955, 454_245, 458_433, 460_826, 458_931,
        460_328, 456_140, 462_820, 462_820, 460_028, 460_328, 464_116, 462_222, 456_439, 462_122, 462_521,
        457_137, 464_515, 457_835, 453_548, 440_288, 441_783, 442_181, 445_672, 434_205, 426_628, 431_314,
    ];
    let published = [
        "70.5328", "66.3186", "66.5498", "69.4063", "66.3552", "57.9749", "62.9296", "63.2571", "56.0593",
        "62.3771", "54.7076", "50.4228", "39.9898", "41.4605", "41.8689", "45.4632", "37.3040", "33.0795",
        "37.7730",
    ];
    let mut rsi = Rsi::new(period(14));
    let got: Vec<Fixed> = closes
        .iter()
        .filter_map(|close| rsi.price(Price::new(*close)))
        .collect();
    assert_eq!(got.len(), published.len());
    for (value, published) in got.iter().zip(published) {
        assert_published(*value, published, 0);
    }
}

/// StockCharts ChartSchool, "Average True Range (ATR)": high, low and close of QQQQ (spreadsheet cs-atr), in ticks
/// of 0.0001, and the 14-day average.
#[test]
fn the_true_range_is_the_published_one() {
    let days = [
        (487_000, 477_900, 481_600),
        (487_200, 481_400, 486_100),
        (489_000, 483_900, 487_500),
        (488_700, 483_700, 486_300),
        (488_200, 482_400, 487_400),
        (490_500, 486_350, 490_300),
        (492_000, 489_400, 490_700),
        (493_500, 488_600, 493_200),
        (499_200, 495_000, 499_100),
        (501_900, 498_700, 501_300),
        (501_200, 492_000, 495_300),
        (496_600, 489_000, 495_000),
        (498_800, 494_300, 497_500),
        (501_900, 497_250, 500_300),
        (503_600, 492_600, 503_100),
        (505_700, 500_900, 505_200),
        (506_500, 503_000, 504_100),
        (504_300, 492_100, 493_400),
        (496_300, 489_800, 493_700),
        (503_300, 496_100, 502_300),
        (502_900, 492_000, 492_375),
        (501_700, 494_300, 499_300),
        (493_200, 480_800, 484_300),
        (485_000, 476_400, 481_800),
        (483_201, 415_500, 465_700),
        (468_000, 442_833, 454_100),
        (478_000, 473_100, 477_700),
        (483_900, 472_000, 477_200),
        (486_600, 479_000, 486_200),
        (487_900, 477_301, 478_500),
    ];
    let published = [
        "0.555000", "0.593929", "0.585791", "0.568949", "0.615452", "0.617920", "0.642354", "0.674329",
        "0.692770", "0.775429", "0.781470", "1.209229", "1.302620", "1.380290", "1.366698", "1.336219",
        "1.316482",
    ];
    let mut atr = Atr::new(period(14));
    let got: Vec<Fixed> = days
        .iter()
        .filter_map(|(high, low, close)| atr.update(&candle(*high, *low, *close)))
        .collect();
    assert_eq!(got.len(), published.len());
    for (value, published) in got.iter().zip(published) {
        assert_published(*value, published, 4);
    }
}

/// StockCharts ChartSchool, "Bollinger Bands": closes of SPY (spreadsheet cs-bbands), in ticks of 0.0001, and bands
/// of 20 days at two deviations.
#[test]
fn the_bands_are_the_published_ones() {
    let closes = [
        861_557, 890_867, 887_829, 903_228, 890_671, 911_453, 894_397, 891_750, 869_302, 876_752, 869_596,
        894_299, 893_221, 887_241, 874_497, 872_634, 894_985, 879_006, 891_260, 907_043, 929_001, 929_784,
        918_021, 926_647, 926_843, 923_021, 927_725, 925_373, 929_490, 932_039, 910_669, 898_318, 897_435,
        903_994, 907_387, 880_177, 880_867, 888_439, 907_781, 905_416, 913_894, 906_500,
    ];
    let published = [
        ("88.707940", "1.291961", "91.291862", "86.124018"),
        ("89.045160", "1.452054", "91.949268", "86.141052"),
        ("89.239745", "1.686425", "92.612595", "85.866895"),
        ("89.390705", "1.771747", "92.934200", "85.847210"),
        ("89.507800", "1.902075", "93.311950", "85.703650"),
        ("89.688660", "2.019895", "93.728450", "85.648870"),
        ("89.746500", "2.076546", "93.899592", "85.593408"),
        ("89.913140", "2.176557", "94.266255", "85.560025"),
        ("90.081255", "2.241921", "94.565096", "85.597414"),
        ("90.382195", "2.202359", "94.786912", "85.977478"),
    ];
    let mut bollinger = Bollinger::new(period(20), 200).expect("not too wide");
    let got: Vec<_> = closes
        .iter()
        .filter_map(|close| bollinger.price(Price::new(*close)))
        .collect();
    assert_eq!(got.len(), closes.len() - 19);
    for (bands, (middle, deviation, upper, lower)) in got.iter().zip(published) {
        let mean = bands
            .middle
            .times(Decimal::new(1, 4))
            .and_then(|mean| mean.rounded(6));
        assert_eq!(mean.map(|mean| mean.to_string()).as_deref(), Some(middle));
        assert_published(bands.deviation, deviation, 4);
        assert_published(bands.upper, upper, 4);
        assert_published(bands.lower, lower, 4);
    }
    let last = got.last().expect("there are bands");
    assert_published(last.upper, "94.148503", 4);
    assert_published(last.lower, "87.951857", 4);
}

/// The volume-weighted average by its definition: what was paid, divided by how much was bought.
#[test]
fn the_volume_weighted_average_begins_anew_with_its_anchor() {
    let mut vwap = Vwap::anchored(Interval::D1);
    let trades = [(HOUR, 100, 2), (2 * HOUR, 103, 1), (DAY, 50, 4), (DAY + 1, 60, 1)];
    let got: Vec<(i128, i128)> = (1..)
        .zip(trades)
        .filter_map(|(number, (time, price, quantity))| {
            vwap.update(&Candle::of_trade(&trade(number, time, price, quantity)))
        })
        .map(|average| (average.numerator(), average.denominator()))
        .collect();
    assert_eq!(got, [(200, 2), (303, 3), (200, 4), (260, 5)]);
}
