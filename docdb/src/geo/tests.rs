use bson::{Bson, RawBson, RawDocumentBuf, doc};

use crate::{
    Code,
    geo::{Intersects, Near, Within},
};

fn raw(value: impl Into<Bson>) -> RawBson {
    RawBson::try_from(value.into()).unwrap()
}

fn within(operand: bson::Document) -> crate::Result<Within> {
    Within::parse(raw(operand).as_raw_bson_ref())
}

fn intersects(geometry: impl Into<Bson>) -> crate::Result<Intersects> {
    Intersects::parse(raw(doc! { "$geometry": geometry.into() }).as_raw_bson_ref())
}

fn near(operators: bson::Document) -> crate::Result<Near> {
    Near::parse(&RawDocumentBuf::try_from(&operators).unwrap())
}

fn point(lng: impl Into<Bson>, lat: impl Into<Bson>) -> bson::Document {
    doc! { "type": "Point", "coordinates": [lng.into(), lat.into()] }
}

fn polygon(rings: &[&[[f64; 2]]]) -> bson::Document {
    let ring = |ring: &&[[f64; 2]]| Bson::from(ring.iter().map(|at| Bson::from(at.to_vec())).collect::<Vec<_>>());
    doc! { "type": "Polygon", "coordinates": rings.iter().map(ring).collect::<Vec<_>>() }
}

fn line(vertices: &[[f64; 2]]) -> bson::Document {
    doc! { "type": "LineString", "coordinates": vertices.iter().map(|at| Bson::from(at.to_vec())).collect::<Vec<_>>() }
}

fn crs(mut geometry: bson::Document, name: &str) -> bson::Document {
    geometry.insert("crs", doc! { "type": "name", "properties": { "name": name } });
    geometry
}

const STRICT: &str = "urn:x-mongodb:crs:strictwinding:EPSG:4326";
const SQUARE: &[[f64; 2]] = &[[0.0, 0.0], [5.0, 0.0], [5.0, 5.0], [0.0, 5.0], [0.0, 0.0]];
const CLOCKWISE: &[[f64; 2]] = &[[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]];

#[test]
fn malformed_geometries_are_refused() {
    let hole: &[[f64; 2]] = &[[0.0, 0.0], [0.0, 2.0], [2.0, 2.0], [2.0, 0.0], [0.0, 0.0]];
    let large: &[[f64; 2]] = &[[-1.0, -1.0], [-1.0, 6.0], [6.0, 6.0], [6.0, -1.0], [-1.0, -1.0]];
    let geometries: Vec<Bson> = vec![
        Bson::Null,
        "invalid".into(),
        123.into(),
        doc! {}.into(),
        doc! { "coordinates": [0, 0] }.into(),
        doc! { "type": "Point" }.into(),
        doc! { "type": "point", "coordinates": [0, 0] }.into(),
        doc! { "type": 1, "coordinates": [0, 0] }.into(),
        point(-181, 0).into(),
        point(0, 90.1).into(),
        point(f64::NAN, 0).into(),
        point(0, f64::INFINITY).into(),
        point("10", "20").into(),
        doc! { "type": "Point", "coordinates": [[0, 0]] }.into(),
        doc! { "type": "Point", "coordinates": { "x": 0, "y": 0 } }.into(),
        doc! { "type": "Point", "coordinates": [10] }.into(),
        doc! { "type": "MultiPoint", "coordinates": [] }.into(),
        doc! { "type": "GeometryCollection", "geometries": [] }.into(),
        doc! { "type": "GeometryCollection", "geometries": [{ "type": "GeometryCollection", "geometries": [point(0, 0)] }] }.into(),
        line(&[[0.0, 0.0]]).into(),
        polygon(&[]).into(),
        polygon(&[&SQUARE[..4]]).into(),
        polygon(&[&[[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]]).into(),
        polygon(&[&[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]]).into(),
        polygon(&[&[[0.0, 0.0], [2.0, 0.0], [1.0, 1.0], [2.0, 2.0], [0.0, 2.0], [1.0, 1.0], [0.0, 0.0]]]).into(),
        polygon(&[SQUARE, hole]).into(),
        polygon(&[SQUARE, large]).into(),
        crs(point(0, 0), STRICT).into(),
        crs(polygon(&[SQUARE]), "invalid").into(),
    ];
    for geometry in geometries {
        let refused = intersects(geometry.clone()).expect_err(&geometry.to_string());
        assert_eq!(refused.code(), Code::BAD_VALUE, "{geometry}");
    }
    assert!(intersects(vec![0, 0]).is_ok());
    assert!(intersects(doc! { "coordinates": [10, 20, 30], "extra": 1, "type": "Point" }).is_ok());
}

#[test]
fn malformed_shapes_are_refused() {
    let operands = [
        doc! {},
        doc! { "$unknown": 1 },
        doc! { "$geometry": point(0, 0) },
        doc! { "$geometry": line(&[[0.0, 0.0], [1.0, 1.0]]) },
        doc! { "$centerSphere": [] },
        doc! { "$centerSphere": [[10, 20]] },
        doc! { "$centerSphere": [[10, 20], 1, "extra"] },
        doc! { "$centerSphere": [[10, 20, 30], 1] },
        doc! { "$centerSphere": [[181, 0], 0.1] },
        doc! { "$centerSphere": [[0, 0], -1] },
        doc! { "$centerSphere": [[0, 0], f64::NAN] },
        doc! { "$centerSphere": [[0, 0], "1"] },
        doc! { "$polygon": [[0, 0], [1, 1]] },
        doc! { "$polygon": {} },
        doc! { "$polygon": [1, 2, 3] },
        doc! { "$polygon": [[f64::INFINITY, 0.0], [1.0, 1.0], [2.0, 0.0]] },
        doc! { "$box": [[0, 0]] },
        doc! { "$center": [[0, 0], true] },
    ];
    for operand in operands {
        assert_eq!(within(operand.clone()).expect_err(&operand.to_string()).code(), Code::BAD_VALUE, "{operand}");
    }
    for operator in ["$box", "$polygon", "$center", "$centerSphere"] {
        let operand = raw(doc! { operator: [[0, 0], [1, 1], [2, 0]] });
        assert_eq!(Intersects::parse(operand.as_raw_bson_ref()).unwrap_err().code(), Code::BAD_VALUE);
    }
}

#[test]
fn malformed_nears_are_refused_with_their_codes() {
    let geometry = doc! { "$geometry": point(0, 0) };
    for (operators, code) in [
        (doc! { "$near": {} }, 2),
        (doc! { "$near": 5 }, 2),
        (doc! { "$near": { "$geometry": Bson::Null } }, 2),
        (doc! { "$near": { "$geometry": point(-180.1, 0) } }, 2),
        (doc! { "$near": { "$geometry": line(&[[0.0, 0.0], [1.0, 1.0]]) } }, 2),
        (doc! { "$near": { "$geometry": point(0, 0), "$unknown": 5 } }, 2),
        (doc! { "$near": &geometry, "$nearSphere": &geometry }, 2),
        (doc! { "$near": &geometry, "$eq": 1 }, 34413),
        (doc! { "$near": { "$geometry": [0, 0] } }, 16681),
        (doc! { "$near": { "$geometry": point(0, 0), "$maxDistance": "1" } }, 16899),
        (doc! { "$near": { "$geometry": point(0, 0), "$maxDistance": -1 } }, 16900),
        (doc! { "$near": { "$geometry": point(0, 0), "$minDistance": "1" } }, 16897),
        (doc! { "$near": { "$geometry": point(0, 0), "$minDistance": -1 } }, 16898),
        (doc! { "$near": [0, 0], "$maxDistance": "1" }, 16895),
        (doc! { "$near": [0, 0], "$maxDistance": -1 }, 16896),
        (doc! { "$near": [0, 0], "$minDistance": "1" }, 16893),
        (doc! { "$near": [0, 0], "$minDistance": -1 }, 16894),
        (doc! { "$near": [0, 0, -1] }, 18522),
        (doc! { "$nearSphere": [181, 0] }, 2),
    ] {
        assert_eq!(near(operators.clone()).expect_err(&operators.to_string()).code(), Code(code), "{operators}");
    }
}

#[test]
fn values_within_a_geometry_match() {
    let hole: &[[f64; 2]] = &[[0.1, 0.1], [0.1, 0.9], [0.9, 0.9], [0.9, 0.1], [0.1, 0.1]];
    let pole: &[[f64; 2]] = &[[-180.0, 80.0], [0.0, 80.0], [180.0, 80.0], [-180.0, 80.0]];
    let polar: &[[f64; 2]] = &[[-120.0, 60.0], [0.0, 60.0], [120.0, 60.0], [-120.0, 60.0]];
    let date_line: &[[f64; 2]] = &[[179.0, -1.0], [-179.0, -1.0], [-179.0, 1.0], [179.0, 1.0], [179.0, -1.0]];
    let zigzag: Vec<[f64; 2]> = (0..1000)
        .map(|i| [f64::from(i) * 0.36 - 180.0, if i % 2 == 0 { -0.5 } else { 0.5 }])
        .chain([[-180.0, -0.5]])
        .collect();
    let twice: &[[f64; 2]] = &[[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]];
    let small: &[[f64; 2]] = &[[0.0, 0.0], [1e-3, 0.0], [1e-3, 1e-3], [0.0, 1e-3], [0.0, 0.0]];
    let around_hole: &[[f64; 2]] = &[[0.05, 0.05], [2.0, 0.05], [2.0, 2.0], [0.05, 2.0], [0.05, 0.05]];
    for (region, value, expected) in [
        (polygon(&[SQUARE]), raw(point(3, 3)), true),
        (polygon(&[SQUARE]), raw(point(5, 2)), true),
        (polygon(&[SQUARE]), raw(point(0, 0)), true),
        (polygon(&[SQUARE]), raw(point(6, 3)), false),
        (polygon(&[SQUARE]), raw(point(-177, -3)), false),
        (polygon(&[SQUARE]), raw(vec![3, 3]), true),
        (polygon(&[SQUARE]), raw(doc! { "x": 3, "y": 3 }), true),
        (polygon(&[SQUARE]), raw(vec![Bson::from(point(50, 50)), Bson::from(point(1, 1))]), true),
        (polygon(&[SQUARE]), raw(doc! { "type": "MultiPoint", "coordinates": [[1, 1], [50, 50]] }), false),
        (polygon(&[SQUARE]), raw(line(&[[1.0, 1.0], [5.0, 5.0]])), true),
        (polygon(&[SQUARE]), raw(line(&[[1.0, 1.0], [9.0, 9.0]])), false),
        (polygon(&[SQUARE]), raw(polygon(&[CLOCKWISE])), true),
        (polygon(&[SQUARE]), raw(polygon(&[SQUARE])), true),
        (polygon(&[CLOCKWISE]), raw(polygon(&[SQUARE])), false),
        (polygon(&[SQUARE]), raw(Bson::Null), false),
        (polygon(&[SQUARE]), raw("x"), false),
        (polygon(&[SQUARE, hole]), raw(point(0.5, 0.5)), false),
        (polygon(&[SQUARE, hole]), raw(point(0.1, 0.1)), true),
        (polygon(&[SQUARE, hole]), raw(point(3, 3)), true),
        (polygon(&[SQUARE, hole]), raw(line(&[[0.05, 0.5], [2.0, 0.5]])), false),
        (polygon(&[SQUARE, hole]), raw(polygon(&[around_hole])), false),
        (polygon(&[SQUARE, hole]), raw(polygon(&[hole])), false),
        (polygon(&[SQUARE, hole]), raw(polygon(&[around_hole, hole])), true),
        (polygon(&[pole]), raw(point(0, 89)), true),
        (polygon(&[polar]), raw(point(17, 89)), true),
        (polygon(&[polar]), raw(point(60, 50)), false),
        (polygon(&[date_line]), raw(point(179.5, 0)), true),
        (polygon(&[date_line]), raw(point(0, 0)), false),
        (polygon(&[&zigzag]), raw(point(0, 0)), true),
        (polygon(&[twice]), raw(point(0.5, 0.5)), true),
        (polygon(&[small]), raw(point(0.0005, 0.0005)), true),
        (polygon(&[CLOCKWISE]), raw(point(0.5, 0.5)), true),
        (crs(polygon(&[CLOCKWISE]), STRICT), raw(point(0.5, 0.5)), false),
        (crs(polygon(&[CLOCKWISE]), STRICT), raw(point(10, 10)), true),
        (crs(polygon(&[CLOCKWISE]), STRICT), raw(point(-179, -1)), true),
        (crs(polygon(&[SQUARE]), "EPSG:4326"), raw(point(3, 3)), true),
        (crs(polygon(&[SQUARE]), STRICT), raw(crs(polygon(&[CLOCKWISE]), STRICT)), false),
    ] {
        let parsed = within(doc! { "$geometry": &region }).unwrap();
        assert_eq!(parsed.matches(value.as_raw_bson_ref()), expected, "{region} {value:?}");
    }
}

#[test]
fn values_within_a_shape_match() {
    let bow_tie = doc! { "$polygon": [[0, 0], [10, 10], [10, 0], [0, 10]] };
    let slanted = doc! { "$polygon": [[0, 0], [10, 10], [10, 0]] };
    let square = doc! { "$polygon": [[0, 0], [0, 10], [10, 10], [10, 0]] };
    for (shape, [x, y], expected) in [
        (doc! { "$box": [[10, 10], [0, 0]] }, [10.0, 5.0], true),
        (doc! { "$box": [[0, 0], [10, 10]] }, [10.1, 5.0], false),
        (doc! { "$center": [[0, 0], 5] }, [3.0, 4.0], true),
        (doc! { "$center": [[0, 0], 5] }, [4.0, 4.0], false),
        (doc! { "$center": [[1000, 1000], 5] }, [1003.0, 1004.0], true),
        (square.clone(), [5.0, 0.0], true),
        (square.clone(), [0.0, 0.0], true),
        (square, [15.0, 15.0], false),
        (slanted.clone(), [5.0, 5.0], false),
        (slanted, [5.0, 1.0], true),
        (bow_tie.clone(), [2.0, 2.0], true),
        (bow_tie.clone(), [8.0, 8.0], false),
        (bow_tie, [5.0, 5.0], true),
        (doc! { "$polygon": [[1, 1], [1, 1], [1, 1]] }, [1.0, 1.0], true),
        (doc! { "$polygon": [[0, 0], [0, 5], [0, 10]] }, [0.0, 3.0], true),
        (doc! { "$polygon": [[0, 0], [5, 5], [0, 0]] }, [5.0, 5.0], true),
        (doc! { "$centerSphere": [[0, 0], 0] }, [0.0, 0.0], true),
        (doc! { "$centerSphere": [[0, 0], 0] }, [0.001, 0.0], false),
        (doc! { "$centerSphere": [[0, 0], 1.0_f64.to_radians()] }, [1.0, 0.0], true),
        (doc! { "$centerSphere": [[0, 0], 1.0_f64.to_radians()] }, [0.9, 0.9], false),
        (doc! { "$centerSphere": [[0, 0], f64::INFINITY] }, [180.0, 0.0], true),
        (doc! { "$centerSphere": [[180, 0], 5.0 / 6371.0] }, [-179.99, 0.0], true),
        (doc! { "$centerSphere": [[0, 0], 3.2] }, [-90.0, -45.0], true),
    ] {
        let parsed = within(shape.clone()).unwrap();
        for value in [raw(vec![x, y]), raw(point(x, y))] {
            // What is off the sphere is no GeoJSON.
            let on_sphere = f64::abs(x) <= 180.0 || matches!(value, RawBson::Array(_));
            assert_eq!(parsed.matches(value.as_raw_bson_ref()), expected && on_sphere, "{shape} {value:?}");
        }
    }
    let lines = raw(line(&[[1.0, 1.0], [2.0, 2.0]]));
    assert!(!within(doc! { "$box": [[0, 0], [10, 10]] }).unwrap().matches(lines.as_raw_bson_ref()));
    assert!(within(doc! { "$centerSphere": [[0, 0], 0.1] }).unwrap().matches(lines.as_raw_bson_ref()));
    let array = raw(vec![Bson::from(vec![0, 0]), Bson::from(vec![50, 50])]);
    assert!(within(doc! { "$box": [[-1, -1], [1, 1]] }).unwrap().matches(array.as_raw_bson_ref()));
}

#[test]
fn values_that_touch_a_geometry_intersect() {
    let hole: &[[f64; 2]] = &[[1.0, 1.0], [1.0, 4.0], [4.0, 4.0], [4.0, 1.0], [1.0, 1.0]];
    let in_hole: &[[f64; 2]] = &[[2.0, 2.0], [3.0, 2.0], [3.0, 3.0], [2.0, 3.0], [2.0, 2.0]];
    let collection =
        doc! { "type": "GeometryCollection", "geometries": [point(0, 0), line(&[[1.0, 1.0], [2.0, 2.0]])] };
    for (geometry, value, expected) in [
        (point(0, 0), raw(point(0, 0)), true),
        (point(0, 0), raw(point(1, 1)), false),
        (line(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), raw(point(1, 1)), true),
        (line(&[[0.0, 0.0], [10.0, 0.0]]), raw(point(5, 0)), true),
        (line(&[[0.0, 0.0], [10.0, 0.0]]), raw(line(&[[5.0, -5.0], [5.0, 5.0]])), true),
        (line(&[[0.0, 0.0], [10.0, 0.0]]), raw(line(&[[5.0, 1.0], [5.0, 5.0]])), false),
        (polygon(&[SQUARE]), raw(line(&[[-1.0, 2.0], [9.0, 2.0]])), true),
        (polygon(&[SQUARE]), raw(line(&[[2.0, 2.0], [3.0, 3.0]])), true),
        (polygon(&[SQUARE]), raw(polygon(&[in_hole])), true),
        (polygon(&[in_hole]), raw(polygon(&[SQUARE])), true),
        (polygon(&[SQUARE, hole]), raw(polygon(&[in_hole])), false),
        (polygon(&[SQUARE, hole]), raw(line(&[[2.0, 2.0], [3.0, 3.0]])), false),
        (polygon(&[SQUARE, hole]), raw(line(&[[2.0, 2.0], [4.0, 2.0]])), true),
        (collection.clone(), raw(point(0, 0)), true),
        (collection, raw(vec![1.5, 1.0]), false),
        (doc! { "type": "MultiPoint", "coordinates": [[0, 0], [0, 0]] }, raw(point(0, 0)), true),
    ] {
        let parsed = intersects(geometry.clone()).unwrap();
        assert_eq!(parsed.matches(value.as_raw_bson_ref()), expected, "{geometry} {value:?}");
    }
}

#[test]
fn distances_are_metres_radians_or_those_of_the_plane() {
    let degree = 1.0_f64.to_radians();
    for (operators, value, expected) in [
        (doc! { "$near": { "$geometry": point(0, 0) } }, raw(point(1, 0)), degree * 6_378_100.0),
        (doc! { "$near": point(0, 0) }, raw(vec![1, 0]), degree * 6_378_100.0),
        (doc! { "$nearSphere": [0, 0] }, raw(point(1, 0)), degree),
        (doc! { "$near": [0, 0] }, raw(point(3, 4)), 5.0),
        (doc! { "$near": { "x": 0, "y": 0 } }, raw(vec![300, 400]), 500.0),
        (doc! { "$near": [0, 0] }, raw(vec![Bson::from(vec![9, 0]), Bson::from(vec![0, 2])]), 2.0),
        (doc! { "$nearSphere": [7, 2] }, raw(polygon(&[SQUARE])), 2.0 * degree),
        (doc! { "$nearSphere": [3, 3] }, raw(polygon(&[SQUARE])), 0.0),
    ] {
        let distance = near(operators.clone()).unwrap().distance(value.as_raw_bson_ref()).unwrap();
        assert!((distance - expected).abs() <= expected * 0.002, "{operators} {value:?}: {distance}");
    }
    let limited =
        near(doc! { "$near": { "$geometry": point(0, 0), "$minDistance": 1000, "$maxDistance": 200_000 } }).unwrap();
    for (lng, expected) in [(0.0, false), (1.0, true), (2.0, false)] {
        assert_eq!(limited.matches(raw(point(lng, 0)).as_raw_bson_ref()), expected);
    }
    assert!(
        near(doc! { "$near": [0, 0] })
            .unwrap()
            .distance(raw(line(&[[0.0, 0.0], [1.0, 1.0]])).as_raw_bson_ref())
            .is_none()
    );
    assert_eq!(near(doc! { "$near": [0, 0, 3] }).unwrap().limits(), (0.0, 3.0));
}
