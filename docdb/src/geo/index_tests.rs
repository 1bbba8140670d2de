//! What matches is found by the ranges of keys, whatever the geometries are.

use bson::{Bson, RawBson, RawDocumentBuf, doc, rawdoc};
use proptest::prelude::*;

use crate::{
    Code,
    geo::{EARTH_RADIUS_METRES, Intersects, KeyRange, Near, Within, index2d::Grid, index2dsphere},
};

fn raw(value: impl Into<Bson>) -> RawBson {
    RawBson::try_from(value.into()).unwrap()
}

fn coordinates() -> impl Strategy<Value = (f64, f64)> {
    // Many of them close together: near the poles, the date line and the corners of the cube's sides.
    let spread = prop_oneof![Just(0.01), Just(2.0), Just(20.0)];
    let clusters = prop_oneof![Just((180.0, 0.0)), Just((10.0, 90.0)), Just((45.0, 35.264)), Just((-100.0, -80.0))];
    let clustered = (clusters, spread, -1.0..1.0_f64, -1.0..1.0_f64).prop_map(
        |((lng, lat), spread, east, north): ((f64, f64), f64, f64, f64)| {
            ((lng + spread * east + 540.0).rem_euclid(360.0) - 180.0, (lat + spread * north).clamp(-90.0, 90.0))
        },
    );
    let lng = prop_oneof![-180.0..180.0_f64, Just(180.0), Just(-180.0)];
    let lat = prop_oneof![-90.0..90.0_f64, Just(0.0), Just(-90.0)];
    prop_oneof![1 => (lng, lat), 3 => clustered]
}

fn near_to((lng, lat): (f64, f64), east: f64, north: f64) -> Bson {
    let wrapped = (lng + east + 540.0).rem_euclid(360.0) - 180.0;
    Bson::from(vec![wrapped, (lat + north).clamp(-89.9, 89.9)])
}

/// A point, a line, a star-shaped polygon or several points, each about as large as given.
fn geometry() -> impl Strategy<Value = bson::Document> {
    let size = prop_oneof![Just(0.001), Just(0.1), Just(5.0), Just(30.0)];
    let offsets = prop::collection::vec(0.2..1.0_f64, 3..8);
    (coordinates(), size, offsets, 0..4).prop_map(|(center, size, offsets, kind)| {
        let count = f64::from(u32::try_from(offsets.len()).unwrap());
        let mut vertices: Vec<Bson> = (0_u32..)
            .zip(&offsets)
            .map(|(index, offset)| {
                let angle = f64::from(index) / count * std::f64::consts::TAU;
                near_to(center, size * offset * angle.cos(), size * offset * angle.sin())
            })
            .collect();
        match kind {
            0 => doc! { "type": "Point", "coordinates": [center.0, center.1] },
            1 => doc! { "type": "LineString", "coordinates": vertices },
            2 => doc! { "type": "MultiPoint", "coordinates": vertices },
            _ => {
                vertices.push(vertices[0].clone());
                doc! { "type": "Polygon", "coordinates": [vertices] }
            }
        }
    })
}

fn found(keys: &[u64], ranges: &[KeyRange]) -> bool {
    keys.iter().any(|key| ranges.iter().any(|(first, last)| (first..=last).contains(&key)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_intersects_or_is_within_a_geometry_is_found(value in geometry(), query in geometry()) {
        let (value, operand) = (raw(value), raw(doc! { "$geometry": query }));
        let (value, operand) = (value.as_raw_bson_ref(), operand.as_raw_bson_ref());
        // Shapes near the poles may cross themselves.
        if let (Ok(keys), Ok(intersects)) = (index2dsphere::keys(value), Intersects::parse(operand)) {
            prop_assert!(keys.len() <= 28);
            prop_assert!(!intersects.matches(value) || found(&keys, &index2dsphere::of_intersects(&intersects)));
            if let Ok(within) = Within::parse(operand) {
                prop_assert!(!within.matches(value) || intersects.matches(value));
                prop_assert!(!within.matches(value) || found(&keys, &index2dsphere::of_within(&within).unwrap()));
            }
        }
    }

    #[test]
    fn what_intersects_a_geometry_intersects_it_either_way(value in geometry(), query in geometry()) {
        let intersects = |query: &bson::Document, value: &bson::Document| {
            let parsed = Intersects::parse(raw(doc! { "$geometry": query }).as_raw_bson_ref()).ok()?;
            crate::geo::geojson::parse(&RawDocumentBuf::try_from(value).unwrap()).ok()?;
            Some(parsed.matches(raw(value.clone()).as_raw_bson_ref()))
        };
        prop_assert_eq!(intersects(&query, &value), intersects(&value, &query));
        if let Some(same) = intersects(&value, &value) {
            prop_assert!(same);
        }
    }

    #[test]
    fn what_is_within_a_cap_is_found(value in geometry(), (lng, lat) in coordinates(), radius in prop_oneof![0.0..0.01_f64, 0.0..4.0_f64]) {
        let value = raw(value);
        let operand = raw(doc! { "$centerSphere": [[lng, lat], radius] });
        let within = Within::parse(operand.as_raw_bson_ref()).unwrap();
        if let Ok(keys) = index2dsphere::keys(value.as_raw_bson_ref()) && within.matches(value.as_raw_bson_ref()) {
            prop_assert!(found(&keys, &index2dsphere::of_within(&within).unwrap()));
        }
        let point = raw(vec![lng, lat]);
        let grid = Grid::parse(&rawdoc! {}).unwrap();
        if within.matches(point.as_raw_bson_ref()) {
            prop_assert!(found(&grid.keys(point.as_raw_bson_ref()).unwrap(), &grid.of_within(&within).unwrap()));
        }
    }

    #[test]
    fn one_ring_holds_what_is_near(value in geometry(), (lng, lat) in coordinates(), least in 0.0..100_000.0_f64, most in 0.0..3e7_f64) {
        let near = doc! { "type": "Point", "coordinates": [lng, lat] };
        let near = Near::of_stage(raw(near).as_raw_bson_ref(), true, Some(raw(least).as_raw_bson_ref()), Some(raw(most).as_raw_bson_ref())).unwrap();
        let value = raw(value);
        if let Ok(keys) = index2dsphere::keys(value.as_raw_bson_ref()) {
            let distance = near.distance(value.as_raw_bson_ref()).unwrap();
            let rings = index2dsphere::rings(&near).unwrap().filter(|(ring, _)| ring.holds(&near, distance)).collect::<Vec<_>>();
            prop_assert_eq!(rings.len(), usize::from(near.admits(distance)));
            prop_assert!(rings.iter().all(|(_, ranges)| found(&keys, ranges)));
        }
    }

    #[test]
    fn one_ring_of_a_grid_holds_what_is_near(
        (x, y) in coordinates(), (lng, lat) in coordinates(), spherical: bool, bits in 1..=32_i32, most in 0.0..600.0_f64,
    ) {
        let near = Near::of_stage(raw(vec![lng, lat]).as_raw_bson_ref(), spherical, None, Some(raw(most).as_raw_bson_ref())).unwrap();
        let grid = Grid::parse(&rawdoc! { "bits": bits, "min": -200, "max": 200 }).unwrap();
        let value = raw(vec![x, y]);
        let keys = grid.keys(value.as_raw_bson_ref()).unwrap();
        let distance = near.distance(value.as_raw_bson_ref()).unwrap();
        let rings = grid.rings(&near).filter(|(ring, _)| ring.holds(&near, distance)).collect::<Vec<_>>();
        prop_assert_eq!(rings.len(), usize::from(near.admits(distance)));
        prop_assert!(rings.iter().all(|(_, ranges)| found(&keys, ranges)));
    }

    #[test]
    fn what_is_within_a_shape_is_found(points in prop::collection::vec(coordinates(), 1..5), corners in prop::collection::vec(coordinates(), 3), bits in 1..=32_i32) {
        let grid = Grid::parse(&rawdoc! { "bits": bits }).unwrap();
        let corners: Vec<Bson> = corners.iter().map(|(x, y)| Bson::from(vec![*x, *y])).collect();
        let value = raw(points.iter().map(|(x, y)| Bson::from(vec![*x, *y])).collect::<Vec<_>>());
        for shape in [
            doc! { "$box": [corners[0].clone(), corners[1].clone()] },
            doc! { "$polygon": corners.clone() },
            doc! { "$center": [corners[2].clone(), 40] },
        ] {
            let within = Within::parse(raw(shape).as_raw_bson_ref()).unwrap();
            if within.matches(value.as_raw_bson_ref()) {
                prop_assert!(found(&grid.keys(value.as_raw_bson_ref()).unwrap(), &grid.of_within(&within).unwrap()));
            }
        }
    }
}

#[test]
fn values_without_keys_are_refused_with_their_codes() {
    for (value, code) in [
        (raw("x"), 16755),
        (raw(vec![200, 0]), 16755),
        (raw(doc! { "type": "Point", "coordinates": [0, 91] }), 16755),
        (raw(vec![Bson::from(vec![1, 2]), Bson::from(vec![3, 4])]), 16755),
    ] {
        assert_eq!(index2dsphere::keys(value.as_raw_bson_ref()).unwrap_err().code(), Code(code), "{value:?}");
    }
    assert!(index2dsphere::keys(raw(Bson::Null).as_raw_bson_ref()).unwrap().is_empty());
    let grid = Grid::parse(&rawdoc! {}).unwrap();
    for (value, code) in [
        (raw(vec![181, 0]), 13027),
        (raw(vec![1]), 13068),
        (raw(vec![Bson::from(1), Bson::from("x")]), 13026),
        (raw(doc! { "type": "Point", "coordinates": [0, 0] }), 16804),
    ] {
        assert_eq!(grid.keys(value.as_raw_bson_ref()).unwrap_err().code(), Code(code), "{value:?}");
    }
    assert_eq!(
        grid.keys(raw(vec![Bson::from(vec![1, 2]), Bson::from(vec![3, 4])]).as_raw_bson_ref()).unwrap().len(),
        2
    );
    assert!(grid.keys(raw("x").as_raw_bson_ref()).unwrap().is_empty());
}

#[test]
fn options_of_grids_are_checked() {
    for (options, code) in [
        (rawdoc! { "bits": 0 }, 72),
        (rawdoc! { "bits": 33 }, 72),
        (rawdoc! { "min": 5, "max": 5 }, 72),
        (rawdoc! { "min": f64::NAN }, 72),
        (rawdoc! { "bits": "x" }, 14),
    ] {
        assert_eq!(Grid::parse(&options).unwrap_err().code(), Code(code), "{options:?}");
    }
}

/// Epicentres of earthquakes: USGS, "All Earthquakes, Past Week", February 2018.
const EARTHQUAKES: [(f64, f64); 16] = [
    (-118.6671667, 34.4945),
    (-116.7768333, 34.1715),
    (-122.9144974, 40.043335),
    (-116.7931667, 33.4935),
    (-148.9339, 56.6453),
    (-118.8851, 38.0654),
    (-118.8618333, 37.6593333),
    (-152.0542, 62.1653),
    (-118.7436, 38.3252),
    (-116.732, 33.6733333),
    (-120.4005, 46.9916667),
    (-149.3356, 56.3627),
    (-122.8199997, 38.8019981),
    (-139.8335, 61.172),
    (-155.2720032, 19.4141674),
    (-66.8218, 18.5853),
];

fn haversine(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat, lng) = ((b.1 - a.1).to_radians() / 2.0, (b.0 - a.0).to_radians() / 2.0);
    let part = lat.sin().powi(2) + a.1.to_radians().cos() * b.1.to_radians().cos() * lng.sin().powi(2);
    2.0 * EARTH_RADIUS_METRES * part.sqrt().asin()
}

#[test]
fn earthquakes_come_in_the_order_of_their_haversine_distance() {
    let here = (-118.2437, 34.0522);
    let near = Near::parse(&rawdoc! { "$near": { "$geometry": { "type": "Point", "coordinates": [here.0, here.1] } } })
        .unwrap();
    let quakes: Vec<((f64, f64), RawBson, Vec<u64>)> = (EARTHQUAKES.into_iter())
        .map(|at| {
            let value = raw(doc! { "type": "Point", "coordinates": [at.0, at.1, 26.49] });
            let keys = index2dsphere::keys(value.as_raw_bson_ref()).unwrap();
            (at, value, keys)
        })
        .collect();
    let mut emitted = Vec::new();
    for (ring, ranges) in index2dsphere::rings(&near).unwrap() {
        let mut batch: Vec<(f64, (f64, f64))> = (quakes.iter())
            .filter(|(.., keys)| found(keys, &ranges))
            .map(|(at, value, _)| (near.distance(value.as_raw_bson_ref()).unwrap(), *at))
            .filter(|(distance, _)| ring.holds(&near, *distance))
            .collect();
        batch.sort_by(|a, b| a.0.total_cmp(&b.0));
        emitted.extend(batch);
    }
    let mut expected: Vec<(f64, (f64, f64))> = EARTHQUAKES.into_iter().map(|at| (haversine(here, at), at)).collect();
    expected.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert_eq!(emitted.len(), expected.len());
    for ((distance, at), (haversine, expected)) in emitted.iter().zip(&expected) {
        assert_eq!(at, expected);
        assert!((distance - haversine).abs() < 1e-3, "{distance} {haversine}");
    }
    let radius = 1_000_000.0;
    let within = Within::parse(
        raw(doc! { "$centerSphere": [[here.0, here.1], radius / EARTH_RADIUS_METRES] }).as_raw_bson_ref(),
    )
    .unwrap();
    for (at, value, keys) in &quakes {
        let is_near = haversine(here, *at) <= radius;
        assert_eq!(within.matches(value.as_raw_bson_ref()), is_near);
        assert!(!is_near || found(keys, &index2dsphere::of_within(&within).unwrap()));
    }
}

proptest! {
    #[test]
    fn estimates_agree_with_distances(points in prop::collection::vec(coordinates(), 4)) {
        use crate::geo::{Position, vector::{Segment, TOUCH}};
        let [a, b, c, d] = [0, 1, 2, 3].map(|at| Position { x: points[at].0, y: points[at].1 }.vector());
        let (one, other) = (Segment::new(a, b), Segment::new(c, d));
        prop_assert_eq!(one.holds(c), one.distance(c) <= TOUCH);
        prop_assert!(one.holds(a) && one.holds(b));
        prop_assert_eq!(one.touches(other), one.distance_to(other) <= TOUCH);
    }
}
